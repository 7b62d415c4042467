import { ArrowDown, ArrowUp, Equal } from "lucide-react";
import { useTranslation } from "react-i18next";
import type { BalanceReport, ReportClass } from "../../api/balanceReport";
import { Card } from "../../components/Page";
import { Table } from "../../components/Table";
import { percent } from "../../messages/i18n";
import { ClassName } from "./ClassName";
import { shareMarks, sorted } from "./report";
import styles from "./report.module.css";
import { useFirst } from "./useFirst";

const icons = { over: ArrowUp, under: ArrowDown, even: Equal };
const share = (value: number | null) => (value === null ? "–" : percent(value, 1));

function Plot({ row, scale }: { row: ReportClass; scale: number }) {
  const place = (value: number) => `${(100 * value) / scale}%`;
  return (
    <div className={styles.bar} aria-hidden>
      {row.pool_low !== null && row.pool_high !== null && row.pool_share !== null && (
        <>
          <i
            className={styles.whisker}
            style={{ left: place(row.pool_low), width: place(row.pool_high - row.pool_low) }}
          />
          <i className={styles.dot} style={{ left: place(row.pool_share) }} />
        </>
      )}
      {row.labelled_share !== null && (
        <i className={styles.square} style={{ left: place(row.labelled_share) }} />
      )}
    </div>
  );
}

function Verdict({ row }: { row: ReportClass }) {
  const { t } = useTranslation();
  if (row.sampled === null) return <>–</>;
  const Icon = icons[row.sampled];
  return (
    <span className={styles.reach} data-sampled={row.sampled}>
      <Icon size={14} strokeWidth={1.5} aria-hidden />
      {t(`balanceReport.sampled.${row.sampled}`)}
    </span>
  );
}

/** Which classes labelling has favoured: their share of the labels against their share of the pool. */
export function ReportBias({ report, project }: { report: BalanceReport; project: number }) {
  const { t } = useTranslation();
  const [rows, more] = useFirst(sorted(report.classes, { by: "bias", descending: true }));
  if (rows.every((row) => row.bias === null)) return null;
  const marks = shareMarks(report.classes);
  const scale = marks.at(-1) ?? 1;
  return (
    <Card
      title={t("balanceReport.bias")}
      aside={
        <ul className={styles.legend}>
          <li data-look="square">{t("balanceReport.legend.labelledShare")}</li>
          <li data-look="pool">{t("balanceReport.legend.poolShare")}</li>
        </ul>
      }
    >
      <Table label={t("balanceReport.bias")}>
        <thead className={styles.heads}>
          <tr>
            <th scope="col">{t("balance.class")}</th>
            <th className={styles.barCell}>
              <div className={styles.axis} aria-hidden>
                {marks.map((mark) => (
                  <span key={mark} style={{ left: `${(100 * mark) / scale}%` }}>
                    {percent(mark, scale < 0.04 ? 1 : 0)}
                  </span>
                ))}
              </div>
            </th>
            <th scope="col" className={styles.number}>
              {t("balanceReport.labelledShare")}
            </th>
            <th scope="col" className={styles.number}>
              {t("balanceReport.poolShare")}
            </th>
            <th scope="col" className={styles.number}>
              {t("balanceReport.chosen")}
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.id} data-testid="bias-row" data-class={row.name} data-sampled={row.sampled}>
              <th scope="row" className={styles.nameCell}>
                <ClassName row={row} project={project} />
              </th>
              <td className={styles.barCell}>
                <Plot row={row} scale={scale} />
              </td>
              <td className={styles.number}>
                <b>{share(row.labelled_share)}</b>
              </td>
              <td className={styles.number}>
                <b>{share(row.pool_share)}</b>{" "}
                <span>
                  {share(row.pool_low)}–{share(row.pool_high)}
                </span>
              </td>
              <td className={styles.number}>
                <Verdict row={row} />
              </td>
            </tr>
          ))}
        </tbody>
      </Table>
      {more}
    </Card>
  );
}
