/** What a lead points the queue at: for everybody, and for one person. */
import { useQuery } from "@tanstack/react-query";
import { api, body } from "./client";
import { keys } from "./queries";
import type { components } from "./schema";

export type Focus = components["schemas"]["Focus"];
export type FocusDraft = components["schemas"]["FocusDraftRequest"];

const inProject = (project_id: number) => ({ params: { path: { project_id } } });

export const focus = {
  list: (project: number) => body(api.GET("/api/projects/{project_id}/focus", inProject(project))),
  set: (project: number, draft: FocusDraft) =>
    body(api.PUT("/api/projects/{project_id}/focus", { ...inProject(project), body: draft })),
  /** `user` null: everybody's. */
  clear: (project_id: number, user: number | null) =>
    body(
      api.DELETE("/api/projects/{project_id}/focus", {
        params: { path: { project_id }, query: user === null ? {} : { user } },
      }),
    ),
};

export const useFocuses = (project: number) =>
  useQuery({ queryKey: keys.focus(project), queryFn: () => focus.list(project) });

/** The focus that a person's pictures come from: the own one first; one with nothing left gives way to the other. */
export function current(all: Focus[], user: number): Focus | null {
  const mine = all.filter((one) => one.user?.id === user);
  const found = [...mine, ...all.filter((one) => one.user === null)];
  return found.find((one) => one.waiting > 0) ?? found[0] ?? null;
}
