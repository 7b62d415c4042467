import styles from "./LineChart.module.css";
import { ticks } from "./scale";
import { useWidth } from "./useWidth";

export interface Point {
  x: number;
  y: number;
  low: number | null;
  high: number | null;
  name: string;
}

interface Props {
  points: Point[];
  height: number;
  label: string;
  formatX: (value: number) => string;
  formatY: (value: number) => string;
}

const left = 34;
const right = 12;
const top = 10;
const bottom = 24;

/** Values over a growing count, with the band of their intervals. */
export function LineChart({ points, height, label, formatX, formatY }: Props) {
  const [ref, width] = useWidth();
  const xs = ticks(0, Math.max(...points.map((point) => point.x), 1), 4);
  const lows = points.map((point) => point.low ?? point.y);
  const highs = points.map((point) => point.high ?? point.y);
  const ys = ticks(Math.max(0, Math.min(...lows)), Math.min(1, Math.max(...highs)), 4).filter((y) => y <= 1);
  const xMax = xs.at(-1) ?? 1;
  const yMin = ys[0] ?? 0;
  const yMax = Math.max(ys.at(-1) ?? 1, yMin + 0.01, ...highs);
  const x = (value: number) => left + (value / xMax) * (width - left - right);
  const y = (value: number) => top + (1 - (value - yMin) / (yMax - yMin)) * (height - top - bottom);
  const at = (list: number[]) => list.map((value, index) => `${x(points[index]?.x ?? 0)},${y(value)}`);
  const last = points.at(-1);
  return (
    <div ref={ref} style={{ height }}>
      {width > 0 && (
        <svg width={width} height={height} role="img" aria-label={label} className={styles.chart}>
          {ys.map((value) => (
            <g key={value}>
              <line x1={left} x2={width - right} y1={y(value)} y2={y(value)} className={styles.grid} />
              <text x={left - 8} y={y(value) + 4} textAnchor="end">
                {formatY(value)}
              </text>
            </g>
          ))}
          {xs.map((value) => (
            <text key={value} x={x(value)} y={height - 4} textAnchor="middle">
              {formatX(value)}
            </text>
          ))}
          <polygon points={[...at(highs), ...at(lows).reverse()].join(" ")} className={styles.band} />
          <polyline points={at(points.map((point) => point.y)).join(" ")} className={styles.line} />
          {points.map((point) => (
            <circle key={point.name} cx={x(point.x)} cy={y(point.y)} r={2.5} className={styles.dot}>
              <title>{`${point.name}: ${formatY(point.y)}, ${formatX(point.x)}`}</title>
            </circle>
          ))}
          {last && <circle cx={x(last.x)} cy={y(last.y)} r={4} className={styles.last} />}
          {last && (
            <text
              x={x(last.x)}
              y={y(last.y) + 20}
              textAnchor={x(last.x) > width - 60 ? "end" : "middle"}
              className={styles.name}
            >
              {last.name}
            </text>
          )}
        </svg>
      )}
    </div>
  );
}
