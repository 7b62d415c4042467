/** What selection saves: its shape, calls and cached reads. */
import { useQuery } from "@tanstack/react-query";
import { api, body } from "./client";
import { keys } from "./queries";
import type { components } from "./schema";

export type Selection = components["schemas"]["Selection"];
export type MeasuredGain = components["schemas"]["MeasuredGain"];
export type GainPoint = components["schemas"]["GainPoint"];
export type Saving = components["schemas"]["Saving"];

const inProject = (project_id: number) => ({ params: { path: { project_id } } });

export const selection = {
  get: (project: number) => body(api.GET("/api/projects/{project_id}/selection", inProject(project))),
  measure: (project: number) => body(api.POST("/api/projects/{project_id}/selection", inProject(project))),
};

export const useSelection = (p: number) =>
  useQuery({ queryKey: keys.selection(p), queryFn: () => selection.get(p) });
