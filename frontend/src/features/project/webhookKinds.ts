/** The kinds of events that a webhook can be told of, in the groups in which people choose them. */
import type { EventKind } from "../../api/events";

export const groups = [
  "imports",
  "jobs",
  "training",
  "models",
  "schedules",
  "datasets",
  "labels",
  "testSet",
  "project",
] as const;
export type Group = (typeof groups)[number];

const groupOf: Record<EventKind, Group> = {
  import_started: "imports",
  import_finished: "imports",
  import_undone: "imports",
  job_finished: "jobs",
  job_failed: "jobs",
  run_requested: "training",
  run_finished: "training",
  run_failed: "training",
  balance_reported: "training",
  model_made: "models",
  model_promoted: "models",
  model_rolled_back: "models",
  schedule_fired: "schedules",
  schedule_changed: "schedules",
  snapshot_made: "datasets",
  snapshot_archived: "datasets",
  snapshot_restored: "datasets",
  export_made: "datasets",
  labelled: "labels",
  undone: "labels",
  retracted: "labels",
  refreshed: "labels",
  duplicates_split: "labels",
  page_verified: "labels",
  page_undone: "labels",
  case_opened: "labels",
  case_answered: "labels",
  case_resolved: "labels",
  holdout_added: "testSet",
  holdout_dropped: "testSet",
  reserve_released: "testSet",
  project_changed: "project",
  classes_changed: "project",
  member_changed: "project",
  focus_set: "project",
  focus_cleared: "project",
  webhook_disabled: "project",
};

export const allKinds = Object.keys(groupOf) as EventKind[];

export const kindsOf = (group: Group): EventKind[] => allKinds.filter((kind) => groupOf[kind] === group);

/** What most receivers want to know: what has ended, and what went wrong. */
export const usualKinds: EventKind[] = [
  "import_finished",
  "job_failed",
  "run_finished",
  "run_failed",
  "balance_reported",
  "model_made",
  "model_promoted",
];
