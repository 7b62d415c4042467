import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Check, TriangleAlert } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { type SiteJob, site, siteKeys, useSiteJobs, useWorkers, type Worker } from "../../api/site";
import { Badge } from "../../components/Badge";
import { Button } from "../../components/Button";
import { Confirm } from "../../components/Dialog";
import { jobShare, useJobText } from "../../components/JobBar";
import { Card, Failure, FormError, PageHead, Placeholder } from "../../components/Page";
import { Progress } from "../../components/Progress";
import { Segmented } from "../../components/Segmented";
import { Table } from "../../components/Table";
import { ago, dateTime, duration } from "../../messages/i18n";
import styles from "./admin.module.css";
import { JobState } from "./JobState";
import { deviceText, jobOf, missingQueues } from "./workers";

type Filter = "active" | "failed" | "all";
const states: Record<Filter, string> = { active: "queued,running", failed: "failed", all: "" };
const isActive = (job: SiteJob) => job.state === "queued" || job.state === "running";

function ProjectOf({ job }: { job: SiteJob }) {
  return job.project_name ? (
    <Link className={styles.second} to={`/projects/${job.project}/jobs`}>
      {job.project_name}
    </Link>
  ) : null;
}

function WorkerRow({ worker, job }: { worker: Worker; job: SiteJob | undefined }) {
  const { t } = useTranslation();
  return (
    <tr data-testid="worker-row">
      <td>
        <b className={styles.strong}>{worker.name}</b>
        <div className={styles.second}>{deviceText(worker.device)}</div>
      </td>
      <td>{worker.queue}</td>
      <td>
        {worker.alive ? (
          <Badge tone="good" icon={Check}>
            {t("workers.alive")}
          </Badge>
        ) : (
          <Badge tone="bad" icon={TriangleAlert}>
            {worker.last_seen
              ? t("workers.lost", { time: duration(ago(worker.last_seen)) })
              : t("workers.neverSeen")}
          </Badge>
        )}
      </td>
      <td>{duration(ago(worker.started_at))}</td>
      <td>
        {job ? (
          <>
            {job.title} <ProjectOf job={job} />
            <Progress value={jobShare(job)} label={job.title} />
          </>
        ) : (
          <span className={styles.second}>{t("workers.idle")}</span>
        )}
      </td>
    </tr>
  );
}

function WorkersCard({ jobs }: { jobs: SiteJob[] }) {
  const { t } = useTranslation();
  const { data, error, refetch } = useWorkers();
  if (error) return <Failure error={error} retry={() => void refetch()} />;
  if (!data) return <Placeholder height={160} />;
  const missing = missingQueues(data);
  return (
    <Card title={t("workers.workers")}>
      {missing.map((queue) => (
        <p key={queue} className={styles.warning} role="status">
          <TriangleAlert size={16} strokeWidth={1.5} aria-hidden />
          {t("workers.missing", { queue })}
        </p>
      ))}
      {data.length > 0 && (
        <Table label={t("workers.workers")}>
          <thead>
            <tr>
              <th className={styles.named}>{t("workers.worker")}</th>
              <th>{t("workers.queue")}</th>
              <th>{t("jobs.stateTitle")}</th>
              <th>{t("workers.since")}</th>
              <th className={styles.wide}>{t("workers.now")}</th>
            </tr>
          </thead>
          <tbody>
            {data.map((worker) => (
              <WorkerRow key={worker.name} worker={worker} job={jobOf(worker, jobs)} />
            ))}
          </tbody>
        </Table>
      )}
    </Card>
  );
}

/** How long a job waits, runs, or took. */
function timeOf(job: SiteJob): string {
  if (job.started_at && job.finished_at)
    return duration((Date.parse(job.finished_at) - Date.parse(job.started_at)) / 1000);
  return duration(ago(job.started_at ?? job.created_at));
}

function useActions() {
  const client = useQueryClient();
  const onSettled = () => client.invalidateQueries({ queryKey: siteKeys.jobs });
  const cancel = useMutation({ mutationFn: site.cancel, onSettled });
  const retry = useMutation({ mutationFn: site.retry, onSettled });
  return { cancel, retry };
}

function JobRow({ job, actions }: { job: SiteJob; actions: ReturnType<typeof useActions> }) {
  const { t } = useTranslation();
  const text = useJobText();
  const [asking, setAsking] = useState(false);
  return (
    <tr data-testid="site-job" data-state={job.state}>
      <td>
        <JobState state={job.state} />
      </td>
      <td>
        <b className={styles.strong}>{job.title || job.kind}</b> <ProjectOf job={job} />
        <div className={styles.second}>
          {job.error ? `${job.error.message} ${job.error.hint}` : text(job)}
        </div>
        {job.state === "running" && <Progress value={jobShare(job)} label={job.title} />}
      </td>
      <td>
        {job.worker || job.queue}
        {job.attempt > 0 && (
          <div className={styles.second}>{t("workers.attempt", { number: job.attempt })}</div>
        )}
      </td>
      <td title={dateTime(job.started_at ?? job.created_at)}>{timeOf(job)}</td>
      <td className={styles.acts}>
        {isActive(job) && (
          <Button size="s" look="quiet" disabled={job.cancel_requested} onClick={() => setAsking(true)}>
            {t("workers.cancelJob")}
          </Button>
        )}
        {(job.state === "failed" || job.state === "cancelled") && (
          <Button
            size="s"
            look="quiet"
            disabled={actions.retry.isPending}
            onClick={() => actions.retry.mutate(job.id)}
          >
            {t("jobs.retry")}
          </Button>
        )}
        {asking && (
          <Confirm
            title={t("workers.cancelTitle", { title: job.title || job.kind })}
            text={t("workers.cancelText")}
            action={t("workers.cancelJob")}
            onConfirm={() => {
              actions.cancel.mutate(job.id);
              setAsking(false);
            }}
            onClose={() => setAsking(false)}
          />
        )}
      </td>
    </tr>
  );
}

function JobsCard() {
  const { t } = useTranslation();
  const [filter, setFilter] = useState<Filter>("active");
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = useSiteJobs(
    states[filter],
  );
  const actions = useActions();
  const jobs = data?.pages.flatMap((page) => page.results) ?? [];
  return (
    <Card
      title={t("workers.jobs")}
      aside={
        <Segmented
          label={t("workers.jobs")}
          value={filter}
          onChange={setFilter}
          choices={[
            ["active", t("jobs.filterActive")],
            ["failed", t("jobs.filterFailed")],
            ["all", t("jobs.filterAll")],
          ]}
        />
      }
    >
      {error && <Failure error={error} retry={() => void refetch()} />}
      <FormError error={actions.cancel.error ?? actions.retry.error} />
      {data && jobs.length === 0 && <p className={styles.second}>{t(`workers.none.${filter}`)}</p>}
      {jobs.length > 0 && (
        <Table label={t("workers.jobs")}>
          <thead>
            <tr>
              <th>{t("jobs.stateTitle")}</th>
              <th className={styles.wide}>{t("jobs.job")}</th>
              <th>{t("workers.worker")}</th>
              <th>{t("jobs.time")}</th>
              <th />
            </tr>
          </thead>
          <tbody>
            {jobs.map((job) => (
              <JobRow key={job.id} job={job} actions={actions} />
            ))}
          </tbody>
        </Table>
      )}
      {hasNextPage && (
        <div className={styles.more}>
          <Button disabled={isFetchingNextPage} onClick={() => void fetchNextPage()}>
            {t("workers.more")}
          </Button>
        </div>
      )}
    </Card>
  );
}

/** What runs where, across all projects, for site admins. */
export function WorkersPage() {
  const { t } = useTranslation();
  const { data } = useSiteJobs(states.active);
  return (
    <main className={`${styles.page} ${styles.broad}`}>
      <PageHead title={t("workers.title")} />
      <WorkersCard jobs={data?.pages.flatMap((page) => page.results) ?? []} />
      <JobsCard />
    </main>
  );
}
