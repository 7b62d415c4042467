import { useTranslation } from "react-i18next";
import { Link, useParams } from "react-router";
import { useBalanceReport } from "../../api/balanceReport";
import { ApiError } from "../../api/client";
import { LinkButton } from "../../components/Button";
import { Card, Failure, Placeholder } from "../../components/Page";
import { TopBar } from "../../components/TopBar";
import { useProjectContext } from "../../components/useProjectContext";
import { ReportView } from "./ReportView";
import styles from "./report.module.css";

/** The class balance as a run stored it before it trained. */
export function RunBalancePage() {
  const { t } = useTranslation();
  const project = useProjectContext();
  const { runId } = useParams();
  const { data: report, error, refetch } = useBalanceReport(project.id, Number(runId));
  const none = error instanceof ApiError && error.status === 404;
  const run = `/projects/${project.id}/training/${runId}`;
  return (
    <>
      <TopBar
        title={
          report?.run ? (
            <>
              <Link to={run} className={styles.crumb}>
                {t("balanceReport.run", { number: report.run.number })}
              </Link>
              {t("balance.title")}
            </>
          ) : (
            t("balance.title")
          )
        }
        note={report?.snapshot?.name}
      />
      <main className={styles.page}>
        {error && !none && <Failure error={error} retry={() => void refetch()} />}
        {!report && !error && <Placeholder height={480} />}
        {none && (
          <Card className={styles.empty}>
            <p>{t("balanceReport.none")}</p>
            <LinkButton look="primary" to={`/projects/${project.id}/balance`}>
              {t("balanceReport.seeNow")}
            </LinkButton>
            <LinkButton to={run}>{t("balanceReport.toRun")}</LinkButton>
          </Card>
        )}
        {report && <ReportView report={report} project={project.id} />}
      </main>
    </>
  );
}
