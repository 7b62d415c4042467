/** What the console tells of workers: which job each has, which queue has none, and what it computes on. */
import type { SiteJob, Worker } from "../../api/site";

export const queues = ["interactive", "cpu", "gpu"] as const;

export function jobOf(worker: Worker, jobs: SiteJob[]): SiteJob | undefined {
  return jobs.find((job) => job.state === "running" && job.worker === worker.name);
}

/** Queues whose jobs wait in vain. */
export function missingQueues(workers: Worker[]): string[] {
  return queues.filter((queue) => !workers.some((worker) => worker.alive && worker.queue === queue));
}

/** A device in a few words: "NVIDIA H100, 80 GB, float16". */
export function deviceText(device: Worker["device"]): string {
  const { kind, name, memory_gb, threads, precision } = device;
  const parts = [name || (kind === "cpu" ? "CPU" : kind)];
  if (kind === "cuda" && typeof memory_gb === "number") parts.push(`${Math.round(memory_gb)} GB`);
  if (kind === "cpu" && threads) parts.push(`${threads} threads`);
  return [...parts, precision].filter(Boolean).join(", ");
}
