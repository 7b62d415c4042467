import styles from "./DifferenceChart.module.css";
import { ticks } from "./scale";
import { useWidth } from "./useWidth";

interface Props {
  label: string;
  /** Points, that is hundredths: the difference, what it may be, and the least it may be. */
  difference: number;
  lower: number;
  upper: number;
  limit: number;
  limitName: string;
}

const height = 96;
const top = 18;
const foot = 18;
const side = 16;
const signed = (value: number) => (value > 0 ? `+${value}` : String(value).replace("-", "−"));

/** A difference with its interval, and the ground on which it may lie. */
export function DifferenceChart({ label, difference, lower, upper, limit, limitName }: Props) {
  const [ref, width] = useWidth();
  const marks = ticks(Math.min(lower, limit, 0), Math.max(upper, 0), 5);
  const [least, most] = [marks[0] ?? -1, marks.at(-1) ?? 1];
  const x = (value: number) => side + ((value - least) / (most - least || 1)) * (width - 2 * side);
  const middle = (top + height - foot) / 2;
  return (
    <div ref={ref} style={{ height }}>
      {width > 0 && (
        <svg width={width} height={height} role="img" aria-label={label} className={styles.chart}>
          <rect
            x={x(limit)}
            y={top}
            width={Math.max(x(most) - x(limit), 0)}
            height={height - top - foot}
            className={styles.ground}
          />
          <line x1={x(0)} x2={x(0)} y1={top} y2={height - foot} className={styles.zero} />
          <line x1={x(limit)} x2={x(limit)} y1={top} y2={height - foot} className={styles.limit} />
          <text
            x={x(limit)}
            y={12}
            textAnchor={x(limit) > width / 2 ? "end" : "start"}
            className={styles.name}
          >
            {limitName}
          </text>
          <line x1={x(lower)} x2={x(upper)} y1={middle} y2={middle} className={styles.range} />
          {[lower, upper].map((end) => (
            <line
              key={end}
              x1={x(end)}
              x2={x(end)}
              y1={middle - 5}
              y2={middle + 5}
              className={styles.range}
            />
          ))}
          <circle cx={x(difference)} cy={middle} r={4.5} className={styles.dot} />
          {marks.map((mark) => (
            <text key={mark} x={x(mark)} y={height - 3} textAnchor="middle">
              {signed(mark)}
            </text>
          ))}
        </svg>
      )}
    </div>
  );
}
