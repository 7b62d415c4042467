import { useTranslation } from "react-i18next";
import type { BalanceReport, ReportSpread } from "../../api/balanceReport";
import { Card } from "../../components/Page";
import { Table } from "../../components/Table";
import { count } from "../../messages/i18n";
import { ClassName } from "./ClassName";
import styles from "./report.module.css";
import { useFirst } from "./useFirst";

const parts = ["train", "validation", "test", "blind"] as const;
const decimal = (value: number | null, digits: number) => (value === null ? "–" : value.toFixed(digits));

const spreads: [keyof ReportSpread, "imbalance" | "effective" | "entropy", number][] = [
  ["imbalance_ratio", "imbalance", 1],
  ["effective_number", "effective", 1],
  ["entropy", "entropy", 2],
];

/** Each class in each part of the snapshot, and what the training makes of it. */
export function ReportParts({ report, project }: { report: BalanceReport; project: number }) {
  const { t } = useTranslation();
  const { splits } = report;
  const [rows, more] = useFirst(report.classes);
  if (!splits) return null;
  return (
    <Card title={t("balanceReport.parts")} aside={report.snapshot?.name}>
      <Table label={t("balanceReport.parts")}>
        <thead className={styles.heads}>
          <tr>
            <th scope="col">{t("balance.class")}</th>
            {parts.map((part) => (
              <th key={part} scope="col" className={styles.number}>
                {t(`balanceReport.part.${part}`)}
              </th>
            ))}
            <th scope="col" className={styles.number} title={t("balanceReport.worthHint")}>
              {t("balanceReport.worth")}
            </th>
            <th scope="col" className={styles.number} title={t("balanceReport.weightHint")}>
              {t("balanceReport.weight")}
            </th>
            <th scope="col" className={styles.number} title={t("balanceReport.seenHint")}>
              {t("balanceReport.seen")}
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.id} data-testid="parts-row" data-class={row.name}>
              <th scope="row" className={styles.nameCell}>
                <ClassName row={row} project={project} />
              </th>
              {parts.map((part) => (
                <td key={part} className={styles.number}>
                  {count(row[part] ?? 0)}
                </td>
              ))}
              <td className={styles.number}>{count(Math.round(row.effective))}</td>
              <td className={styles.number}>{decimal(row.weight, 2)}</td>
              <td className={styles.number}>{decimal(row.seen, 2)}</td>
            </tr>
          ))}
        </tbody>
        <tfoot className={styles.total}>
          <tr>
            <th scope="row">{t("balanceReport.pictures")}</th>
            {parts.map((part) => (
              <td key={part} className={styles.number}>
                <b>{count(splits[part].pictures)}</b>
              </td>
            ))}
            <td colSpan={3} />
          </tr>
          {spreads.map(([key, name, digits]) => (
            <tr key={key}>
              <th scope="row">{t(`balanceReport.spread.${name}`)}</th>
              {parts.map((part) => (
                <td key={part} className={styles.number}>
                  {decimal(splits[part][key], digits)}
                </td>
              ))}
              <td colSpan={3} />
            </tr>
          ))}
        </tfoot>
      </Table>
      {more}
    </Card>
  );
}
