import { useTranslation } from "react-i18next";
import { useBalanceReport } from "../../api/balanceReport";
import { LinkButton } from "../../components/Button";
import { Card, Failure, Placeholder } from "../../components/Page";
import { TopBar } from "../../components/TopBar";
import { useProjectContext } from "../../components/useProjectContext";
import { ReportView } from "./ReportView";
import styles from "./report.module.css";

/** The class balance of this moment with the whole page to itself, in the form of a run's report. */
export function BalancePage() {
  const { t } = useTranslation();
  const project = useProjectContext();
  const { data: report, error, refetch } = useBalanceReport(project.id, null);
  return (
    <>
      <TopBar title={t("balance.title")} note={project.name} />
      <main className={styles.page}>
        {error && <Failure error={error} retry={() => void refetch()} />}
        {!report && !error && <Placeholder height={480} />}
        {report && report.classes.length > 0 && <ReportView report={report} project={project.id} />}
        {report && report.classes.length === 0 && (
          <Card className={styles.empty}>
            <p>{t("balance.noClasses")}</p>
            <LinkButton look="primary" to={`/projects/${project.id}/settings/classes`}>
              {t("balanceReport.addClasses")}
            </LinkButton>
          </Card>
        )}
      </main>
    </>
  );
}
