/** Verify pages: their shapes, calls and cached reads. */
import { useQuery } from "@tanstack/react-query";
import { ApiError, csrfToken, toApiError } from "./client";
import { keys } from "./queries";
import type { ImageBrief } from "./types";

export type VerifyMode = "class" | "cluster";
export type VerifyOrder = "confident" | "unsure";

export interface MissRate {
  planted: number;
  missed: number;
  rate: number | null;
  low: number | null;
  high: number | null;
}

export interface VerifyClass {
  class: number;
  waiting: number;
  low: number;
  high: number;
  expected_error: number;
}

export interface VerifyOverview {
  classes: VerifyClass[];
  clusters: number;
  adaptive: boolean;
  size: number;
  order: VerifyOrder;
  miss: MissRate;
  today: { labels: number; looks: number; pages: number };
}

export interface VerifyPicture {
  task: number;
  image: ImageBrief;
  confidence: number | null;
}

export interface VerifyPage {
  id: number;
  mode: VerifyMode;
  class: number | null;
  order: VerifyOrder;
  head: string;
  size: number;
  low: number | null;
  high: number | null;
  expected_mistakes: number;
  lease_expires_at: string;
  pictures: VerifyPicture[];
}

export type VerifyReason = "nothing_left" | "no_suggestions" | "all_leased";

export interface VerifyLease {
  pages: VerifyPage[];
  waiting: number;
  reason: VerifyReason | null;
}

export interface VerifyException {
  task: number;
  verdict: "label" | "unsure" | "skip" | "flag";
  labels: number[];
}

export interface ConfirmBody {
  client_id: string;
  class?: number;
  seconds: number;
  exceptions: VerifyException[];
}

export interface Labelled {
  image: ImageBrief;
  label: number | null;
}

export interface ConfirmReply {
  page: number;
  written: number;
  conflicts: Labelled[];
  gold: { planted: number; missed: number; shown: Labelled[] };
  next_refresh_in: number;
  refresh_job: number | null;
  status: "created" | "duplicate";
}

export interface UndoReply {
  page: VerifyPage;
  undone: number;
  conflicts: Labelled[];
}

export interface MissRow extends MissRate {
  user: { id: number; name: string; username: string };
  class: number | null;
  pages: number;
  size: number;
}

export interface WantedPages {
  mode: VerifyMode;
  class: number | null;
  order: VerifyOrder;
  /** Null: as many as were measured to suit. */
  size: number | null;
  count: number;
}

async function call<T>(method: string, path: string, payload?: unknown, keepalive = false): Promise<T> {
  let response: Response;
  try {
    response = await fetch(path, {
      method,
      keepalive,
      headers: { "Content-Type": "application/json", "X-CSRFToken": csrfToken() },
      body: payload === undefined ? undefined : JSON.stringify(payload),
    });
  } catch {
    throw new ApiError(0, "unreachable", "The server cannot be reached.");
  }
  const answer = response.status === 204 ? null : await response.json().catch(() => null);
  if (!response.ok) throw toApiError(response.status, answer, response.headers.get("Retry-After"));
  return answer as T;
}

const base = (project: number) => `/api/projects/${project}/verify`;

export const verify = {
  overview: (project: number) => call<VerifyOverview>("GET", base(project)),
  lease: (project: number, wanted: WantedPages) =>
    call<VerifyLease>("POST", `${base(project)}/pages`, wanted),
  confirm: (project: number, page: number, confirmation: ConfirmBody, keepalive: boolean) =>
    call<ConfirmReply>("POST", `${base(project)}/pages/${page}/confirm`, confirmation, keepalive),
  undo: (project: number, page: number, client_id: string, keepalive: boolean) =>
    call<UndoReply>("POST", `${base(project)}/pages/${page}/undo`, { client_id }, keepalive),
  release: (project: number, pages: number[]) =>
    call<null>("POST", `${base(project)}/release`, { pages }, true),
  misses: (project: number) => call<{ results: MissRow[] }>("GET", `${base(project)}/misses`),
};

export const useVerifyOverview = (p: number) =>
  useQuery({ queryKey: keys.verify(p), queryFn: () => verify.overview(p) });

export const useMisses = (p: number) =>
  useQuery({ queryKey: [...keys.verify(p), "misses"], queryFn: () => verify.misses(p) });
