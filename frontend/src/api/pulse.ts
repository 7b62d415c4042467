/** Live updates: one cheap poll a project tells which cached reads are out of date. */
import { type QueryClient, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { projects } from "./endpoints";
import { keys } from "./queries";
import type { Job, ProjectEvent, Pulse } from "./types";

type KeyMaker = (project: number) => readonly unknown[];

const touched: Record<string, KeyMaker[]> = {
  project_changed: [keys.project, keys.selection, keys.modelingSettings, keys.backbone],
  classes_changed: [keys.classes, keys.balance, keys.focus],
  member_changed: [keys.members],
  import_started: [keys.imports, keys.jobs],
  import_finished: [
    keys.imports,
    keys.images,
    keys.balance,
    keys.classes,
    keys.jobs,
    keys.gallery,
    keys.notifications,
  ],
  import_undone: [keys.imports, keys.images, keys.balance, keys.gallery, keys.duplicates],
  labelled: [keys.balance, keys.focus],
  undone: [keys.balance, keys.focus],
  focus_set: [keys.focus],
  focus_cleared: [keys.focus],
  page_verified: [keys.balance, keys.verify],
  page_undone: [keys.balance, keys.verify],
  case_opened: [keys.cases, keys.notifications],
  case_answered: [keys.cases, keys.notifications],
  case_resolved: [keys.cases, keys.history, keys.agreement, keys.notifications],
  refreshed: [keys.balance, keys.focus, keys.jobs, keys.gallery, keys.selection, keys.verify],
  job_finished: [keys.jobs, keys.imports, keys.selection, keys.duplicates],
  holdout_added: [keys.balance],
  holdout_dropped: [keys.balance],
  reserve_released: [keys.balance],
  snapshot_made: [keys.snapshots, keys.jobs],
  snapshot_archived: [keys.snapshots],
  snapshot_restored: [keys.snapshots],
  export_made: [keys.exports, keys.jobs, keys.notifications],
  job_failed: [keys.notifications],
  webhooks_changed: [keys.webhooks],
  webhook_disabled: [keys.webhooks, keys.notifications],
  duplicates_split: [keys.duplicates],
  run_requested: [keys.runs, keys.jobs, keys.firings],
  run_finished: [keys.runs, keys.jobs, keys.notifications],
  run_failed: [keys.runs, keys.jobs, keys.notifications],
  balance_reported: [keys.runs],
  model_made: [keys.models, keys.runs, keys.notifications],
  model_promoted: [keys.models, keys.runs, keys.backbone, keys.notifications],
  model_rolled_back: [keys.models, keys.runs, keys.backbone],
  schedule_fired: [keys.schedules, keys.firings, keys.runs],
  schedule_changed: [keys.schedules],
};

/** The cached reads that a list of events makes stale, without repeats. */
export function staleKeys(project: number, events: Pick<ProjectEvent, "kind">[]): (readonly unknown[])[] {
  if (!events.length) return [];
  const makers = new Set<KeyMaker>([keys.overview, keys.events]);
  for (const event of events) for (const maker of touched[event.kind] ?? []) makers.add(maker);
  return [...makers].map((maker) => maker(project));
}

const interval = 1_500;

/** Asks for a project's pulse again and again while the page is visible. */
class Poller {
  private after: number | undefined;
  private running = "";
  private busy = false;
  private stopped = false;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly project: number,
    private readonly client: QueryClient,
  ) {}

  start(): () => void {
    const wake = () => {
      if (!document.hidden && !this.busy) void this.tick();
    };
    document.addEventListener("visibilitychange", wake);
    void this.tick();
    return () => {
      this.stopped = true;
      clearTimeout(this.timer);
      document.removeEventListener("visibilitychange", wake);
    };
  }

  private async tick(): Promise<void> {
    clearTimeout(this.timer);
    this.busy = true;
    try {
      if (!document.hidden) this.take(await projects.pulse(this.project, this.after));
    } catch {
      // A missed beat is made up for by the next one: `after` has not moved.
    }
    this.busy = false;
    if (!this.stopped) this.timer = setTimeout(() => void this.tick(), interval);
  }

  private take(pulse: Pulse): void {
    if (this.stopped) return;
    const first = this.after === undefined;
    this.after = pulse.seq;
    this.client.setQueryData(keys.activeJobs(this.project), pulse.jobs);
    const running = pulse.jobs.map((job) => job.id).join();
    const jobsChanged = running !== this.running;
    this.running = running;
    if (first) return;
    const stale = pulse.truncated ? [["project", this.project]] : staleKeys(this.project, pulse.events);
    if (jobsChanged) stale.push(keys.jobs(this.project), keys.overview(this.project));
    for (const queryKey of stale) void this.client.invalidateQueries({ queryKey });
  }
}

/** Keeps the cached reads of a project up to date for as long as the caller is mounted. */
export function usePulse(project: number): void {
  const client = useQueryClient();
  useEffect(() => new Poller(project, client).start(), [project, client]);
}

/** Jobs that wait or run in the project, as of the last pulse. */
export function useActiveJobs(project: number): Job[] {
  const { data } = useQuery<Job[]>({
    queryKey: keys.activeJobs(project),
    queryFn: async () => (await projects.pulse(project)).jobs,
    staleTime: Number.POSITIVE_INFINITY,
  });
  return data ?? [];
}
