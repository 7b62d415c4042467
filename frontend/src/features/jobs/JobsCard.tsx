import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { useActiveJobs } from "../../api/pulse";
import { useJobs } from "../../api/queries";
import { JobBar } from "../../components/JobBar";
import { Card } from "../../components/Page";
import { ago, duration } from "../../messages/i18n";
import styles from "./jobs.module.css";
import { StateIcon } from "./StateIcon";

/** What the machine does now, or did last. */
export function JobsCard({ project }: { project: number }) {
  const { t } = useTranslation();
  const active = useActiveJobs(project);
  const { data } = useJobs(project);
  const past = (data?.results ?? []).filter((job) => !["queued", "running"].includes(job.state));
  const running = active.filter((job) => job.state === "running").length;
  return (
    <Card
      title={t("jobs.title")}
      aside={
        <Link to={`/projects/${project}/jobs`}>
          {running ? t("jobs.runningCount", { count: running }) : t("jobs.all")}
        </Link>
      }
    >
      {active.slice(0, 4).map((job) => (
        <JobBar key={job.id} job={job} />
      ))}
      {!active.length && !past.length && <p className={styles.quiet}>{t("jobs.none")}</p>}
      {!active.length &&
        past.slice(0, 5).map((job) => (
          <p key={job.id} className={styles.line}>
            <StateIcon state={job.state} />
            <span>{job.title}</span>
            {job.finished_at && <time dateTime={job.finished_at}>{duration(ago(job.finished_at))}</time>}
          </p>
        ))}
    </Card>
  );
}
