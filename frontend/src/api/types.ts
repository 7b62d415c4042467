/** The shapes of the REST API by the product's names; made from the generated schema. */
import type { components } from "./schema";

type Schemas = components["schemas"];

export type Role = Schemas["RoleEnum"];
export type User = Schemas["User"];
export type Me = Schemas["Me"];
export type Account = Schemas["Account"];
export type ApiToken = Schemas["Token"];
export type NewToken = Schemas["NewToken"];

export type Project = Schemas["Project"];
export type ProjectCard = Schemas["ProjectCard"];
export type ProjectDraft = Schemas["NewProjectRequest"];
export type ProjectChange = Schemas["PatchedProjectChangeRequest"];
export type LabelClass = Schemas["LabelClass"];
export type ClassChange = Schemas["PatchedClassChangeRequest"];
export type Member = Schemas["Member"];
export type BackbonePreset = Schemas["Backbone"];
export type Presets = Schemas["Presets"];

export type HeadBrief = Schemas["Head"];
export type Overview = Schemas["Overview"];
export type Balance = Schemas["Balance"];
export type BalanceRow = Schemas["BalanceRow"];
export type Job = Schemas["Job"];
export type JobState = Schemas["JobStateEnum"];
export type Pulse = Schemas["Pulse"];

/** Something that happened; what `data` tells depends on the kind. */
export type ProjectEvent = Omit<Schemas["Event"], "data"> & { data?: Record<string, unknown> };

export type Batch = Schemas["Batch"];
export type LabelsMode = Schemas["LabelsEnum"];
export type RejectedFile = Schemas["RejectedFile"];

/** A picture as every list shows it. */
export type ImageBrief = Pick<
  Schemas["Image"],
  "id" | "position" | "name" | "source" | "width" | "height" | "label" | "trust" | "label_version" | "urls"
>;

export interface Ranked {
  class: number;
  confidence: number;
}

export type Suggestion = Omit<Schemas["Suggestion"], "top"> & { top: Ranked[] };

/** A task in hand. Its id is null while a picture comes back whose undo the server has not confirmed. */
export type Task = Omit<Schemas["Task"], "id" | "image" | "suggestion" | "reason"> & {
  id: number | null;
  image: ImageBrief;
  suggestion: Suggestion | null;
  reason: {
    code: string;
    text: string;
    /** The class that a picture of code `rare` or `short` looks like, and how many pictures it lacked. */
    class: number | null;
    lacks: number | null;
    margin: number | null;
    nearest_similarity: number | null;
    look_alikes: number;
  } | null;
};

export type LeaseReason = "nothing_imported" | "embedding" | "selecting" | "all_labelled" | "all_leased";
export type Lease = Omit<Schemas["LeaseResponse"], "tasks" | "reason"> & {
  tasks: Task[];
  reason: LeaseReason | null;
};

export type Verdict = Schemas["VerdictEnum"];
export type AnnotationItem = Partial<Schemas["ItemRequest"]> & {
  client_id: string;
  task: number | null;
  image: number;
};
export type AnnotationResult = Omit<Schemas["Result"], "task"> & { task: Task | null };
export type AnnotationReply = Omit<Schemas["AnnotationsResponse"], "results"> & {
  results: AnnotationResult[];
};

/** One entry of the labelling history. */
export interface AnnotationRow {
  id: number;
  client_id: string;
  image: ImageBrief;
  verdict: Verdict;
  labels: number[];
  comment: string;
  blind: boolean;
  created_at: string;
  undone: boolean;
}

export interface Paged<T> {
  results: T[];
  next: number | null;
}
