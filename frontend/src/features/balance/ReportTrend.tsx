import { useTranslation } from "react-i18next";
import type { BalanceReport, ReportPoint } from "../../api/balanceReport";
import { Card } from "../../components/Page";
import { useWidth } from "../../components/useWidth";
import { count } from "../../messages/i18n";
import { type Spread, series } from "./report";
import styles from "./report.module.css";

const height = 112;
const top = 26;
const bottom = 26;
const side = 22;

interface LineProps {
  points: ReportPoint[];
  of: Spread;
  title: string;
  format: (value: number) => string;
}

/** One number over the reports: every point can be pointed at, the first and the last are written out. */
function Line({ points, of, title, format }: LineProps) {
  const { t } = useTranslation();
  const [ref, width] = useWidth();
  const known = series(points, of);
  const values = known.map(({ value }) => value);
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const x = (index: number) => side + (index / Math.max(known.length - 1, 1)) * (width - 2 * side);
  const y = (value: number) =>
    height - bottom - (high > low ? (value - low) / (high - low) : 0.5) * (height - top - bottom);
  const nameOf = ({ run }: ReportPoint) =>
    run ? t("balanceReport.run", { number: run.number }) : t("balanceReport.now");
  return (
    <figure className={styles.trend}>
      <figcaption>{title}</figcaption>
      <div ref={ref} style={{ height }}>
        {width > 0 && (
          <svg
            width={width}
            height={height}
            role="img"
            aria-label={`${title}: ${known.map(({ point, value }) => `${nameOf(point)} ${format(value)}`).join(", ")}`}
          >
            <polyline points={known.map(({ value }, index) => `${x(index)},${y(value)}`).join(" ")} />
            {known.map(({ point, value }, index) => (
              <circle key={point.made_at} cx={x(index)} cy={y(value)} r={3}>
                <title>{`${nameOf(point)}: ${format(value)}`}</title>
              </circle>
            ))}
            {[0, known.length - 1].map((index) => {
              const end = known[index];
              return (
                end && (
                  <g key={index} textAnchor={index === 0 ? "start" : "end"}>
                    <text
                      x={index === 0 ? side - 4 : width - side + 4}
                      y={y(end.value) - 10}
                      className={styles.value}
                    >
                      {format(end.value)}
                    </text>
                    <text x={index === 0 ? side - 4 : width - side + 4} y={height - 6}>
                      {nameOf(end.point)}
                    </text>
                  </g>
                )
              );
            })}
          </svg>
        )}
      </div>
    </figure>
  );
}

/** How the balance has gone from run to run. */
export function ReportTrend({ report }: { report: BalanceReport }) {
  const { t } = useTranslation();
  const points = report.trend;
  const lines: [Spread, string, (value: number) => string][] = [
    ["trusted", t("balanceReport.trusted"), count],
    ["imbalance_ratio", t("balanceReport.spread.imbalance"), (value) => value.toFixed(1)],
    ["effective_number", t("balanceReport.spread.effective"), (value) => value.toFixed(1)],
    ["entropy", t("balanceReport.spread.entropy"), (value) => value.toFixed(2)],
  ];
  const drawn = lines.filter(([of]) => series(points, of).length > 1);
  if (!drawn.length) return null;
  return (
    <Card title={t("balanceReport.trend")}>
      <div className={styles.trends}>
        {drawn.map(([of, title, format]) => (
          <Line key={of} points={points} of={of} title={title} format={format} />
        ))}
      </div>
    </Card>
  );
}
