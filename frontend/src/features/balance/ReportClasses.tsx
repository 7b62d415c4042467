import { Check, CircleAlert, TriangleAlert } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { BalanceReport, ReportClass } from "../../api/balanceReport";
import { Card } from "../../components/Page";
import { type Order, SortHead, Table, turned } from "../../components/Table";
import { count } from "../../messages/i18n";
import { ClassName } from "./ClassName";
import { barMarks, type Column, largestFirst, reachOf, sorted } from "./report";
import styles from "./report.module.css";
import { useFirst } from "./useFirst";

const place = (value: number, scale: number) => `${(100 * value) / scale}%`;

function Bar({ row, scale, marks }: { row: ReportClass; scale: number; marks: number[] }) {
  const { t } = useTranslation();
  const { trusted, low, high, predicted } = row;
  const known = low !== null && high !== null && predicted !== null;
  const label = known
    ? t("balanceReport.barLabel", {
        name: row.name,
        trusted: count(trusted),
        predicted: count(Math.round(predicted)),
        low: count(low),
        high: count(high),
        target: count(row.target),
      })
    : t("balanceReport.barLabelPlain", {
        name: row.name,
        trusted: count(trusted),
        target: count(row.target),
      });
  return (
    <div className={styles.bar} role="img" aria-label={label}>
      {marks.map((mark) => (
        <i key={mark} className={styles.mark} style={{ left: place(mark, scale) }} />
      ))}
      <i className={styles.trusted} style={{ width: place(trusted, scale) }} />
      {known && (
        <>
          <i
            className={styles.whisker}
            style={{ left: place(trusted + low, scale), width: place(high - low, scale) }}
          />
          <i className={styles.dot} style={{ left: place(trusted + predicted, scale) }} />
        </>
      )}
      {!known && reachOf(row) > trusted && (
        <i
          className={styles.raw}
          style={{ left: place(trusted, scale), width: place(reachOf(row) - trusted, scale) }}
        />
      )}
      {row.previous && <i className={styles.before} style={{ left: place(row.previous.trusted, scale) }} />}
      {row.target > 0 && <i className={styles.target} style={{ left: place(row.target, scale) }} />}
    </div>
  );
}

/** A number with the previous report's below it, where the two differ. */
function Beside({ now, before }: { now: number; before: number | null | undefined }) {
  const { t } = useTranslation();
  return (
    <>
      <b>{count(now)}</b>
      {before !== null && before !== undefined && before !== now && (
        <small>{t("balanceReport.was", { value: count(before) })}</small>
      )}
    </>
  );
}

function InPool({ row }: { row: ReportClass }) {
  const { t } = useTranslation();
  if (row.predicted_raw === null) return <>–</>;
  if (row.predicted === null || row.low === null || row.high === null)
    return <small>{t("balanceReport.uncorrected", { value: count(row.predicted_raw) })}</small>;
  const before = row.previous?.predicted;
  return (
    <>
      <b>{count(Math.round(row.predicted))}</b>{" "}
      <span>
        {count(row.low)}–{count(row.high)}
      </span>
      <small>
        {t("balanceReport.byHead", { value: count(row.predicted_raw) })}
        {before !== null &&
          before !== undefined &&
          `, ${t("balanceReport.was", { value: count(Math.round(before)) })}`}
      </small>
    </>
  );
}

const reachIcons = { met: Check, yes: Check, unsure: TriangleAlert, no: CircleAlert };

function Need({ row }: { row: ReportClass }) {
  const { t } = useTranslation();
  if (row.reach === null) return <>–</>;
  const Icon = reachIcons[row.reach];
  return (
    <>
      <span className={styles.reach} data-reach={row.reach}>
        <Icon size={14} strokeWidth={1.5} aria-hidden />
        {row.reach === "no"
          ? t("balanceReport.reach.no", { count: row.missing ?? 0, number: count(row.missing ?? 0) })
          : t(`balanceReport.reach.${row.reach}`)}
      </span>
      {row.looks !== null && (
        <small title={t("balanceReport.looksRandom", { number: count(row.looks_random ?? 0) })}>
          {t("balanceReport.looks", { count: row.looks, number: count(row.looks) })}
        </small>
      )}
    </>
  );
}

function Axis({ marks, scale }: { marks: number[]; scale: number }) {
  return (
    <div className={styles.axis} aria-hidden>
      {marks.map((mark) => (
        <span key={mark} style={{ left: place(mark, scale) }}>
          {count(mark)}
        </span>
      ))}
    </div>
  );
}

function Legend({ report }: { report: BalanceReport }) {
  const { t } = useTranslation();
  const corrected = report.classes.some((row) => row.predicted !== null);
  return (
    <ul className={styles.legend}>
      <li data-look="trusted">{t("balanceReport.legend.trusted")}</li>
      {corrected && <li data-look="pool">{t("balanceReport.legend.pool")}</li>}
      {report.previous && (
        <li data-look="before">{t("balanceReport.legend.before", { number: report.previous.run.number })}</li>
      )}
      <li data-look="target">{t("balanceReport.legend.target", { target: count(report.target) })}</li>
    </ul>
  );
}

/** What there is of each class, what the pool holds, what is missing and what it takes to find it. */
export function ReportClasses({ report, project }: { report: BalanceReport; project: number }) {
  const { t } = useTranslation();
  const [order, setOrder] = useState<Order<Column>>({ by: "trusted", descending: false });
  const [rows, more] = useFirst(sorted(report.classes, order));
  const marks = barMarks(report.classes);
  const scale = marks.at(-1) ?? 1;
  const sort = { order, onSort: (by: Column) => setOrder(turned(order, by, largestFirst.includes(by))) };
  return (
    <Card title={t("balanceReport.classes")} aside={<Legend report={report} />}>
      <Table label={t("balanceReport.classes")}>
        <thead className={styles.heads}>
          <tr>
            <SortHead by="name" {...sort}>
              {t("balance.class")}
            </SortHead>
            <th className={styles.barCell}>
              <Axis marks={marks} scale={scale} />
            </th>
            <SortHead by="trusted" {...sort} className={styles.number}>
              {t("balanceReport.trusted")}
            </SortHead>
            <SortHead by="certified" {...sort} className={`${styles.number} ${styles.extra}`}>
              {t("balanceReport.certified")}
            </SortHead>
            <SortHead by="predicted" {...sort} className={styles.number}>
              {t("balanceReport.inPool")}
            </SortHead>
            <SortHead by="gap" {...sort} className={styles.number}>
              {t("balanceReport.gap", { target: count(report.target) })}
            </SortHead>
            <SortHead by="looks" {...sort} className={styles.number}>
              {t("balanceReport.toFind")}
            </SortHead>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.id} data-testid="report-row" data-class={row.name} data-trusted={row.trusted}>
              <th scope="row" className={styles.nameCell}>
                <ClassName row={row} project={project} />
              </th>
              <td className={styles.barCell}>
                <Bar row={row} scale={scale} marks={marks} />
              </td>
              <td className={styles.number}>
                <Beside now={row.trusted} before={row.previous_trusted} />
              </td>
              <td className={`${styles.number} ${styles.extra}`}>
                <Beside now={row.certified} before={row.previous?.certified} />
              </td>
              <td className={styles.number}>
                <InPool row={row} />
              </td>
              <td className={styles.number}>
                <Beside now={row.gap} before={row.previous?.gap} />
              </td>
              <td className={styles.number}>
                <Need row={row} />
              </td>
            </tr>
          ))}
        </tbody>
      </Table>
      {more}
    </Card>
  );
}
