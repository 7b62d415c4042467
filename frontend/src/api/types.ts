/** The shapes of the REST API that the pages speak about, by the product's own names. */

export type Role = "viewer" | "annotator" | "reviewer" | "lead";

export interface User {
  id: number;
  username: string;
  name: string;
  is_admin: boolean;
  initials: string;
}

export interface Me {
  user: User | null;
  version: string;
}

export interface Account {
  id: number;
  username: string;
  name: string;
  is_admin: boolean;
  is_active: boolean;
  last_login: string | null;
}

export interface ApiToken {
  id: number | string;
  name: string;
  prefix: string;
  created_at: string;
  token?: string;
}

export interface HeadBrief {
  name: string;
  labels: number;
  test_size: number;
  accuracy: number | null;
  low: number | null;
  high: number | null;
  created_at: string;
  space?: string;
}

export interface Counts {
  images: number;
  labelled: number;
  pool: number;
  reserve: number;
  reserve_answered: number;
  holdout: number;
  suggested: number;
  skipped: number;
  rejected: number;
  classes: number;
  members: number;
}

export interface Project {
  id: number;
  name: string;
  instructions: string;
  backbone: string;
  target_per_class: number;
  refresh_every: number;
  reserve_share: number;
  reserve_max: number;
  blind_every: number;
  strategy: string;
  round_size: number;
  label_mode: "single" | "multi";
  role: Role;
  created_at: string;
  archived: boolean;
}

export interface ProjectCard extends Project {
  counts: Counts;
  head: HeadBrief | null;
  thumbs: string[];
}

export interface LabelClass {
  id: number;
  name: string;
  index: number;
  color: number;
  hotkey: string;
  description: string;
  parent: number | null;
  archived: boolean;
}

export interface Member {
  user: User;
  role: Role;
}

export interface BackbonePreset {
  name: string;
  family: string;
  title: string;
  params_m: number | null;
  input_px: number;
  dim: number;
  hardware: string;
  available: boolean;
  note: string;
}

export interface StrategyPreset {
  name: string;
  title: string;
  when: string;
}

export interface Presets {
  backbones: BackbonePreset[];
  strategies: StrategyPreset[];
}

export type JobState = "queued" | "running" | "succeeded" | "failed" | "cancelled";

export interface Job {
  id: number;
  kind: string;
  title: string;
  project: number;
  state: JobState;
  queue: string;
  progress: { done: number; total: number | null; unit: string; message: string };
  rate: number | null;
  eta_s: number | null;
  error: { code: string; message: string; hint: string } | null;
  attempt: number;
  result: Record<string, unknown>;
  created_at: string;
  started_at: string | null;
  finished_at: string | null;
  cancel_requested: boolean;
}

export interface ProjectEvent {
  seq: number;
  kind: string;
  actor: { id: number; name: string } | null;
  data: Record<string, unknown>;
  created_at: string;
}

export interface Pulse {
  seq: number;
  events: ProjectEvent[];
  jobs: Job[];
  truncated: boolean;
}

export interface Paged<T> {
  results: T[];
  next: number | null;
}

export type Stage = "empty" | "importing" | "embedding" | "ready";

export interface Overview {
  counts: Counts;
  head: HeadBrief | null;
  heads: HeadBrief[];
  next_refresh_in: number;
  refresh_every: number;
  round: { number: number; strategy: string; size: number; open: number; done: number } | null;
  today: { mine: number; all: number };
  stage: Stage;
  jobs: Job[];
}

export interface BalanceRow {
  class: number;
  name: string;
  labelled: number;
  suggested: number;
  total: number;
  share: number | null;
  target: number;
  gap: number;
}

export interface Balance {
  classes: BalanceRow[];
  imbalance_ratio: number | null;
  effective_classes: number | null;
  entropy: number | null;
  labelled: number;
  suggested: number;
  target: number;
}

export type LabelsMode = "trusted" | "suggestions" | "ignore";

export interface Batch {
  id: number;
  name: string;
  labels: LabelsMode;
  state: "receiving" | "queued" | "running" | "done" | "failed" | "cancelled" | "undone";
  counts: {
    found: number;
    imported: number;
    duplicates: number;
    rejected: number;
    labelled: number;
    conflicts: number;
  };
  job: number | null;
  created_by: string | User | null;
  created_at: string;
  notices: string[];
}

export interface Rejected {
  id: number;
  path: string;
  reason: string;
  message: string;
  detail: string;
}

export interface ImageBrief {
  id: number;
  position: number;
  name: string;
  source: string;
  width: number;
  height: number;
  label: number | null;
  trust: number;
  label_version: number;
  urls: { thumb: string; model: string; preview: string };
}

export interface Ranked {
  class: number;
  confidence: number;
}

export interface Suggestion extends Ranked {
  head: string;
  top: Ranked[];
}

export interface Task {
  id: number | null;
  image: ImageBrief;
  purpose: string;
  blind: boolean;
  rank: number;
  round_size: number;
  lease_expires_at: string | null;
  suggestion: Suggestion | null;
  reason: {
    code: string;
    text: string;
    margin: number | null;
    nearest_similarity: number | null;
    look_alikes: number | null;
  } | null;
}

export type LeaseReason = "nothing_imported" | "embedding" | "selecting" | "all_labelled" | "all_leased";

export interface Lease {
  tasks: Task[];
  remaining: number;
  reason: LeaseReason | null;
}

export type Verdict = "label" | "skip" | "unsure" | "flag";

export interface AnnotationItem {
  client_id: string;
  task: number | null;
  image: number;
  verdict?: Verdict;
  labels?: number[];
  comment?: string;
  lead_time_ms?: number;
  origin?: "single" | "bulk";
  seen_version?: number;
  undoes?: string;
}

export interface AnnotationResult {
  client_id: string;
  status: "created" | "duplicate" | "conflict" | "invalid";
  annotation: number | null;
  label: number | null;
  trust: number;
  label_version: number;
  message?: string;
  task?: Task | null;
}

export interface AnnotationReply {
  results: AnnotationResult[];
  next_refresh_in: number;
  refresh_job: number | null;
}

export interface AnnotationRow {
  id: number;
  client_id: string;
  image: ImageBrief;
  verdict: Verdict | "";
  labels: number[];
  comment: string;
  blind: boolean;
  created_at: string;
  undone: boolean;
}
