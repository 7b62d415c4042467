import { useMutation, useQueryClient } from "@tanstack/react-query";
import { TriangleAlert } from "lucide-react";
import { useTranslation } from "react-i18next";
import { jobs } from "../api/endpoints";
import { useActiveJobs } from "../api/pulse";
import { keys, useJobs } from "../api/queries";
import type { Job, Project } from "../api/types";
import { ago } from "../messages/i18n";
import { Button } from "./Button";
import { JobBar } from "./JobBar";
import styles from "./KindJobs.module.css";
import { Failure } from "./Page";

const day = 86_400;

/** The newest job of a kind, if that one failed of late: an older failure was made good or given up. */
export function lastFailure(jobs: Job[], kind: Job["kind"], now = Date.now()): Job | null {
  const newest = jobs.filter((job) => job.kind === kind).sort((a, b) => b.id - a.id)[0];
  if (newest?.state !== "failed" || !newest.finished_at) return null;
  return ago(newest.finished_at, now) < day ? newest : null;
}

function FailedJob({ job, onRetry, busy }: { job: Job; onRetry?: () => void; busy: boolean }) {
  const { t } = useTranslation();
  return (
    <section className={styles.failed} data-testid="kind-failure">
      <TriangleAlert size={16} strokeWidth={1.5} aria-hidden />
      <div>
        <b>{t("jobs.failedTitle", { title: job.title })}</b>
        {job.error?.message && <p>{job.error.message}</p>}
        {job.error?.hint && <p>{job.error.hint}</p>}
      </div>
      {onRetry && (
        <Button size="s" disabled={busy} onClick={onRetry}>
          {t("jobs.retry")}
        </Button>
      )}
    </section>
  );
}

/** The jobs of one kind on the page where their outcome is awaited: progress, and what went wrong with the remedy. */
export function KindJobs({ project, kind }: { project: Project; kind: Job["kind"] }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const active = useActiveJobs(project.id).filter((job) => job.kind === kind);
  const { data } = useJobs(project.id);
  const onSettled = () => client.invalidateQueries({ queryKey: keys.jobs(project.id) });
  const cancel = useMutation({ mutationFn: (id: number) => jobs.cancel(project.id, id), onSettled });
  const retry = useMutation({ mutationFn: (id: number) => jobs.retry(project.id, id), onSettled });
  const failed = active.length ? null : lastFailure(data?.results ?? [], kind);
  const leads = project.role === "lead";
  const error = cancel.error ?? retry.error;
  if (!active.length && !failed && !error) return null;
  return (
    <div className={styles.jobs}>
      {active.map((job) => (
        <section key={job.id} className={styles.job}>
          <JobBar job={job} />
          {leads && (
            <Button
              size="s"
              disabled={job.cancel_requested || cancel.isPending}
              onClick={() => cancel.mutate(job.id)}
            >
              {t("common.cancel")}
            </Button>
          )}
        </section>
      ))}
      {failed && (
        <FailedJob
          job={failed}
          busy={retry.isPending}
          onRetry={leads ? () => retry.mutate(failed.id) : undefined}
        />
      )}
      {error && <Failure error={error} />}
    </div>
  );
}
