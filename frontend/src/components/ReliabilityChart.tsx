import { wilson } from "./matrix";
import styles from "./ReliabilityChart.module.css";
import { useWidth } from "./useWidth";

interface Props {
  label: string;
  counts: number[];
  confidence: (number | null)[];
  accuracy: (number | null)[];
  /** What pointing at a dot tells. */
  describe: (bin: { count: number; confidence: number; accuracy: number }) => string;
}

const left = 30;
const right = 12;
const top = 6;
const plot = 170;
const bars = 30;
const bottom = 20;
const marks = [0, 0.2, 0.4, 0.6, 0.8, 1];

/** How often predictions are right, by how sure the model was of them; on the diagonal it is as good as its word. */
export function ReliabilityChart({ label, counts, confidence, accuracy, describe }: Props) {
  const [ref, width] = useWidth();
  const height = top + plot + 12 + bars + bottom;
  const x = (share: number) => left + share * (width - left - right);
  const y = (share: number) => top + (1 - share) * plot;
  const most = Math.max(...counts, 1);
  const bins = counts.flatMap((count, index) => {
    const [sure, correct] = [confidence[index], accuracy[index]];
    return count && typeof sure === "number" && typeof correct === "number"
      ? [{ index, count, confidence: sure, accuracy: correct, interval: wilson(correct, count) }]
      : [];
  });
  return (
    <div ref={ref} style={{ minHeight: height }}>
      {width > 0 && (
        <svg width={width} height={height} role="img" aria-label={label} className={styles.chart}>
          {marks.map((mark) => (
            <g key={mark}>
              <line x1={left} x2={width - right} y1={y(mark)} y2={y(mark)} className={styles.grid} />
              <text x={left - 6} y={y(mark) + 4} textAnchor="end">
                {Math.round(mark * 100)}
              </text>
              <text x={x(mark)} y={height - 4} textAnchor="middle">
                {Math.round(mark * 100)}
              </text>
            </g>
          ))}
          <line x1={x(0)} y1={y(0)} x2={x(1)} y2={y(1)} className={styles.ideal} />
          {counts.map((count, index) => {
            const tall = (count / most) * bars;
            const wide = (width - left - right) / counts.length;
            return (
              <rect
                // biome-ignore lint/suspicious/noArrayIndexKey: a bin is its place on the axis
                key={index}
                x={x(index / counts.length) + 1}
                width={Math.max(wide - 2, 1)}
                y={top + plot + 12 + bars - tall}
                height={tall}
                className={styles.bar}
              />
            );
          })}
          <polyline
            points={bins.map((bin) => `${x(bin.confidence)},${y(bin.accuracy)}`).join(" ")}
            className={styles.line}
          />
          {bins.map((bin) => (
            <g key={bin.index}>
              <line
                x1={x(bin.confidence)}
                x2={x(bin.confidence)}
                y1={y(bin.interval[0])}
                y2={y(bin.interval[1])}
                className={styles.interval}
              />
              <circle cx={x(bin.confidence)} cy={y(bin.accuracy)} r={3.5} className={styles.dot}>
                <title>{describe(bin)}</title>
              </circle>
            </g>
          ))}
        </svg>
      )}
    </div>
  );
}
