import { useTranslation } from "react-i18next";
import type { Job } from "../api/types";
import { count, duration } from "../messages/i18n";
import styles from "./JobBar.module.css";
import { Progress } from "./Progress";

/** What a job is doing, in a few words: "1,024 of 1,600, 109 a second". */
export function useJobText(): (job: Job) => string {
  const { t } = useTranslation();
  return (job) => {
    if (job.cancel_requested && job.state === "running") return t("jobs.cancelling");
    if (job.state === "queued") return t("jobs.queued");
    const { done, total, message } = job.progress;
    // A job that is done need not have counted every step.
    if (job.state === "succeeded" && done < total) return "";
    const parts: string[] = [];
    if (total) parts.push(t("jobs.doneOf", { done: count(done), total: count(total) }));
    else if (message) parts.push(message);
    if (job.state === "running" && job.rate && job.rate >= 1)
      parts.push(t("jobs.rate", { rate: count(Math.round(job.rate)) }));
    return parts.join(", ");
  };
}

export function jobShare(job: Job): number | null {
  if (job.state === "queued") return 0;
  return job.progress.total ? job.progress.done / job.progress.total : null;
}

/** A running job in two lines: name and state, and its bar. */
export function JobBar({ job }: { job: Job }) {
  const { t } = useTranslation();
  const text = useJobText()(job);
  const left = job.state === "running" && job.eta_s !== null ? duration(job.eta_s) : null;
  return (
    <div className={styles.job} data-testid="job-bar">
      <div className={styles.head}>
        <span>{job.title}</span>
        <span className={styles.text}>{left ? `${text}, ${t("jobs.left", { time: left })}` : text}</span>
      </div>
      <Progress value={jobShare(job)} label={job.title} />
    </div>
  );
}
