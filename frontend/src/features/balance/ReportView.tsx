import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import { type BalanceReport, reportForms, reportPath } from "../../api/balanceReport";
import { Card } from "../../components/Page";
import { count, dateTime } from "../../messages/i18n";
import { ReportBias } from "./ReportBias";
import { ReportClasses } from "./ReportClasses";
import { ReportParts } from "./ReportParts";
import { ReportTrend } from "./ReportTrend";
import { ReportMethod, ReportPlan } from "./ReportWords";
import { runsIn } from "./report";
import styles from "./report.module.css";

interface Props {
  report: BalanceReport;
  project: number;
}

/** Which report it is, the way to the others, and the report as a file. */
function Tools({ report, project }: Props) {
  const { t } = useTranslation();
  const go = useNavigate();
  const run = report.run?.id ?? null;
  const place = (id: string) =>
    id ? `/projects/${project}/training/${id}/balance` : `/projects/${project}/balance`;
  return (
    <div className={styles.tools}>
      <label>
        {t("balanceReport.of")}
        <select value={run ?? ""} onChange={(event) => void go(place(event.target.value))}>
          <option value="">{t("balanceReport.now")}</option>
          {runsIn(report).map(({ id, number }) => (
            <option key={id} value={id}>
              {t("balanceReport.run", { number })}
            </option>
          ))}
        </select>
      </label>
      <span className={styles.made}>
        {dateTime(report.made_at)}
        {report.previous && ` · ${t("balanceReport.comparedWith", { number: report.previous.run.number })}`}
      </span>
      <span className={styles.downloads}>
        {reportForms.map((form) => (
          <a
            key={form}
            href={reportPath(project, run, form)}
            title={t(`balanceReport.form.${form}`)}
            {...(form === "html" ? { target: "_blank", rel: "noreferrer" } : { download: "" })}
          >
            {form.toUpperCase()}
          </a>
        ))}
      </span>
    </div>
  );
}

function Fact({
  name,
  value,
  before,
  note,
}: {
  name: string;
  value: string;
  before?: string;
  note?: string;
}) {
  const { t } = useTranslation();
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        <b className={styles.factValue}>{value}</b>
        {before !== undefined && before !== value && (
          <span className={styles.factBefore}>{t("balanceReport.was", { value: before })}</span>
        )}
      </dd>
      {note && <dd className={styles.factNote}>{note}</dd>}
    </div>
  );
}

type Summary = BalanceReport["summary"];
const fixed = (value: number | null, digits: number, unit = "") =>
  value === null ? "–" : `${value.toFixed(digits)}${unit}`;

function SummaryCard({ report }: { report: BalanceReport }) {
  const { t } = useTranslation();
  const { summary: now, summary_previous: before } = report;
  const both = (show: (summary: Summary) => string) => ({
    value: show(now),
    before: before ? show(before) : undefined,
  });
  return (
    <Card>
      <dl className={styles.facts}>
        <Fact
          name={t("balanceReport.trusted")}
          {...both((of) => count(of.trusted))}
          note={
            now.certified ? t("balanceReport.ofThemCertified", { number: count(now.certified) }) : undefined
          }
        />
        <Fact name={t("balanceReport.pool")} {...both((of) => count(of.pool))} />
        <Fact
          name={t("balanceReport.below", { target: count(report.target) })}
          {...both((of) => count(of.below_target))}
          note={
            now.unreachable
              ? t("balanceReport.beyondPool", { count: now.unreachable, number: count(now.unreachable) })
              : undefined
          }
        />
        <Fact name={t("balanceReport.needed")} {...both((of) => count(of.needed))} />
        <Fact
          name={t("balanceReport.spread.imbalance")}
          {...both((of) => fixed(of.imbalance_ratio, 1, " : 1"))}
        />
        <Fact
          name={t("balanceReport.spread.effective")}
          {...both((of) => fixed(of.effective_number, 1))}
          note={t("balanceReport.ofClasses", { count: now.classes, number: count(now.classes) })}
        />
        <Fact name={t("balanceReport.spread.entropy")} {...both((of) => fixed(of.entropy, 2))} />
      </dl>
    </Card>
  );
}

/** A class-balance report, whole. */
export function ReportView({ report, project }: Props) {
  return (
    <>
      <Tools report={report} project={project} />
      <SummaryCard report={report} />
      <ReportClasses report={report} project={project} />
      <ReportPlan report={report} />
      <ReportBias report={report} project={project} />
      <ReportParts report={report} project={project} />
      <ReportTrend report={report} />
      <ReportMethod report={report} project={project} />
    </>
  );
}
