import { useSyncExternalStore } from "react";
import { useTranslation } from "react-i18next";
import { useActiveJobs } from "../../api/pulse";
import type { Project } from "../../api/types";
import { LinkButton } from "../../components/Button";
import { JobBar } from "../../components/JobBar";
import { Failure } from "../../components/Page";
import type { DeskController } from "./desk";
import styles from "./labelpage.module.css";

const names = {
  nothing_imported: "nothingImported",
  embedding: "embedding",
  selecting: "selecting",
  all_labelled: "allLabelled",
  all_leased: "allLeased",
} as const;

/** No picture to show: why, and what to do about it. */
export function NothingAhead({ project, desk }: { project: Project; desk: DeskController }) {
  const view = useSyncExternalStore(desk.subscribe, desk.read);
  const { t } = useTranslation();
  const job = useActiveJobs(project.id)[0];
  if (view.loading) return <div className={styles.nothing} aria-busy="true" />;
  if (view.error)
    return (
      <div className={styles.nothing}>
        <Failure error={view.error} retry={() => void desk.refill()} />
      </div>
    );
  const reason = view.reason ?? "selecting";
  const name = names[reason];
  const leads = project.role === "lead";
  const waits = reason === "embedding" || reason === "selecting";
  return (
    <div className={styles.nothing} data-testid="nothing-ahead" data-reason={reason} role="status">
      <h2>{t(`label.${name}Title`)}</h2>
      <p>{t(`label.${name}Text`)}</p>
      {waits && job && (
        <div className={styles.job}>
          <JobBar job={job} />
        </div>
      )}
      <div className={styles.ways}>
        {(reason === "nothing_imported" || reason === "all_labelled") && leads && (
          <LinkButton to={`/projects/${project.id}/imports/new`} look="primary" size="l">
            {t("imports.new")}
          </LinkButton>
        )}
        <LinkButton to={`/projects/${project.id}`} size="l">
          {t("nav.home")}
        </LinkButton>
      </div>
    </div>
  );
}
