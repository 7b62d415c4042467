import { useTranslation } from "react-i18next";
import type { GainPoint, MeasuredGain } from "../../api/selection";
import { ticks } from "../../components/scale";
import { useWidth } from "../../components/useWidth";
import { count, percent } from "../../messages/i18n";
import { type Scales, scales } from "./gain";
import styles from "./selection.module.css";

const height = 280;
const margins = { left: 44, right: 14, top: 10, bottom: 36 };

function Curve({ points, look, at, name }: { points: GainPoint[]; look: string; at: Scales; name: string }) {
  const line = points.map((point) => `${at.x(point.n)},${at.y(point.accuracy)}`);
  const band = [
    ...points.map((point) => `${at.x(point.n)},${at.y(point.high)}`),
    ...points.map((point) => `${at.x(point.n)},${at.y(point.low)}`).reverse(),
  ];
  return (
    <g data-look={look}>
      <polygon points={band.join(" ")} className={styles.band} />
      <polyline points={line.join(" ")} className={styles.line} />
      {points.map((point) => (
        <circle key={point.n} cx={at.x(point.n)} cy={at.y(point.accuracy)} r={3} className={styles.dot}>
          <title>{`${name}, ${count(point.n)}: ${percent(point.accuracy, 1)}`}</title>
        </circle>
      ))}
    </g>
  );
}

/** Accuracy by the number of labels, the strategy's against random ones, each with the band of its intervals. */
export function GainChart({ gain }: { gain: MeasuredGain }) {
  const { t } = useTranslation();
  const [ref, width] = useWidth();
  const { strategy_curve: strategy, control_curve: control } = gain;
  const at = scales([strategy, control], { width, height, ...margins });
  return (
    <figure className={styles.figure}>
      <figcaption className={styles.legend}>
        <span data-look="strategy">{t("selection.strategyArm")}</span>
        <span data-look="control">{t("selection.controlArm")}</span>
      </figcaption>
      <div ref={ref} style={{ height }}>
        {width > 0 && (
          <svg
            width={width}
            height={height}
            role="img"
            aria-label={t("selection.curves")}
            className={styles.chart}
          >
            {ticks(at.low, at.high, 4)
              .filter((value) => value <= at.high + 1e-9)
              .map((value) => (
                <g key={value}>
                  <line
                    x1={margins.left}
                    x2={width - margins.right}
                    y1={at.y(value)}
                    y2={at.y(value)}
                    className={styles.grid}
                  />
                  <text x={margins.left - 8} y={at.y(value) + 4} textAnchor="end">
                    {percent(value)}
                  </text>
                </g>
              ))}
            {at.counts.map((value) => (
              <text key={value} x={at.x(value)} y={height - margins.bottom + 16} textAnchor="middle">
                {count(value)}
              </text>
            ))}
            <text x={width - margins.right} y={height - 3} textAnchor="end">
              {t("selection.labelsAxis")}
            </text>
            <Curve points={control} look="control" at={at} name={t("selection.controlArm")} />
            <Curve points={strategy} look="strategy" at={at} name={t("selection.strategyArm")} />
          </svg>
        )}
      </div>
    </figure>
  );
}
