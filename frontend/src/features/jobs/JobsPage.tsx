import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { jobs as api } from "../../api/endpoints";
import { useActiveJobs } from "../../api/pulse";
import { keys, useJobs } from "../../api/queries";
import type { Job } from "../../api/types";
import { Button } from "../../components/Button";
import { jobShare, useJobText } from "../../components/JobBar";
import { Failure, Placeholder } from "../../components/Page";
import { Progress } from "../../components/Progress";
import { TopBar } from "../../components/TopBar";
import { useProjectContext } from "../../components/useProjectContext";
import { ago, count, dateTime, duration } from "../../messages/i18n";
import styles from "./jobs.module.css";
import { StateIcon } from "./StateIcon";

type Filter = "all" | "active" | "failed";
const isActive = (job: Job) => job.state === "queued" || job.state === "running";

function useJobActions(project: number) {
  const client = useQueryClient();
  const onSettled = () => client.invalidateQueries({ queryKey: keys.jobs(project) });
  const cancel = useMutation({ mutationFn: (job: number) => api.cancel(project, job), onSettled });
  const retry = useMutation({ mutationFn: (job: number) => api.retry(project, job), onSettled });
  return { cancel, retry };
}

function timeOf(job: Job, left: (time: string) => string): string {
  if (job.state === "running" && job.eta_s !== null) return left(duration(job.eta_s));
  if (job.started_at && job.finished_at)
    return duration((Date.parse(job.finished_at) - Date.parse(job.started_at)) / 1000);
  return job.started_at ? duration(ago(job.started_at)) : "";
}

/** A failed job, in place: what happened, what to do, and the code for whoever is asked for help. */
function FailureCard({ job, onRetry, busy }: { job: Job; onRetry: () => void; busy: boolean }) {
  const { t } = useTranslation();
  if (!job.error) return null;
  return (
    <section className={styles.failure} data-testid="job-failure">
      <StateIcon state="failed" />
      <div>
        <h2>{t("jobs.failedTitle", { title: job.title })}</h2>
        <p>{job.error.message}</p>
        {job.error.hint && <p>{job.error.hint}</p>}
        <div className={styles.failureActions}>
          <Button look="primary" size="l" disabled={busy} onClick={onRetry}>
            {t("jobs.retry")}
          </Button>
        </div>
        <dl className={styles.facts}>
          <div>
            <dt>{t("jobs.code")}</dt>
            <dd>
              <code>{job.error.code}</code>
            </dd>
          </div>
          <div>
            <dt>{t("jobs.attempt")}</dt>
            <dd>{job.attempt}</dd>
          </div>
          <div>
            <dt>{t("jobs.kind")}</dt>
            <dd>{job.kind}</dd>
          </div>
          {job.finished_at && (
            <div>
              <dt>{t("jobs.when")}</dt>
              <dd>{dateTime(job.finished_at)}</dd>
            </div>
          )}
        </dl>
      </div>
    </section>
  );
}

function Row({
  job,
  canAct,
  actions,
}: {
  job: Job;
  canAct: boolean;
  actions: ReturnType<typeof useJobActions>;
}) {
  const { t } = useTranslation();
  const text = useJobText();
  const said = job.state === "failed" ? (job.error?.message ?? t("jobs.state.failed")) : text(job);
  return (
    <tr data-testid="job-row" data-state={job.state}>
      <td>
        <StateIcon state={job.state} />
      </td>
      <td className={styles.title}>{job.title}</td>
      <td className={styles.said}>{said || t(`jobs.state.${job.state}`)}</td>
      <td className={styles.bar}>
        {job.state === "running" && <Progress value={jobShare(job)} label={job.title} />}
      </td>
      <td className={styles.time}>{timeOf(job, (time) => t("jobs.left", { time }))}</td>
      <td className={styles.act}>
        {canAct && isActive(job) && (
          <Button
            size="s"
            look="quiet"
            disabled={job.cancel_requested}
            onClick={() => actions.cancel.mutate(job.id)}
          >
            {t("common.cancel")}
          </Button>
        )}
        {canAct && (job.state === "failed" || job.state === "cancelled") && (
          <Button size="s" look="quiet" onClick={() => actions.retry.mutate(job.id)}>
            {t("jobs.retry")}
          </Button>
        )}
      </td>
    </tr>
  );
}

export function JobsPage() {
  const { t } = useTranslation();
  const project = useProjectContext();
  const [filter, setFilter] = useState<Filter>("all");
  const { data, error, refetch } = useJobs(project.id);
  const live = new Map(useActiveJobs(project.id).map((job) => [job.id, job]));
  const actions = useJobActions(project.id);
  const all = (data?.results ?? []).map((job) => (isActive(job) ? (live.get(job.id) ?? job) : job));
  const failed = all.filter((job) => job.state === "failed");
  const active = all.filter(isActive);
  const shown = { all, active, failed }[filter];
  const canAct = project.role === "lead";
  const latest = all.find((job) => !isActive(job));
  const tabs: [Filter, string][] = [
    ["all", t("jobs.filterAll")],
    ["active", `${t("jobs.filterActive")} ${count(active.length)}`],
    ["failed", `${t("jobs.filterFailed")} ${count(failed.length)}`],
  ];
  return (
    <>
      <TopBar
        title={t("jobs.title")}
        note={
          <span className={styles.tabs}>
            {tabs.map(([id, label]) => (
              <button key={id} type="button" aria-pressed={filter === id} onClick={() => setFilter(id)}>
                {label}
              </button>
            ))}
          </span>
        }
      />
      <main className={styles.page}>
        {error && <Failure error={error} retry={() => void refetch()} />}
        {!data && !error && <Placeholder height={240} />}
        {latest?.state === "failed" && filter !== "active" && (
          <FailureCard
            job={latest}
            busy={!canAct || actions.retry.isPending}
            onRetry={() => actions.retry.mutate(latest.id)}
          />
        )}
        {(actions.cancel.error || actions.retry.error) && (
          <Failure error={actions.cancel.error ?? actions.retry.error} />
        )}
        {data && (
          <section className={styles.list}>
            {shown.length === 0 ? (
              <p className={styles.quiet}>{t("jobs.none")}</p>
            ) : (
              <table>
                <thead>
                  <tr>
                    <th />
                    <th>{t("jobs.job")}</th>
                    <th>{t("jobs.stateTitle")}</th>
                    <th />
                    <th className={styles.time}>{t("jobs.time")}</th>
                    <th />
                  </tr>
                </thead>
                <tbody>
                  {shown.map((job) => (
                    <Row key={job.id} job={job} canAct={canAct} actions={actions} />
                  ))}
                </tbody>
              </table>
            )}
          </section>
        )}
      </main>
    </>
  );
}
