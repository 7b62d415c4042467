/** What the pages ask of a project's backbone: which is in use, another one, how fast each is. */
import { useQuery } from "@tanstack/react-query";
import { api, body } from "./client";
import { keys } from "./queries";
import type { components } from "./schema";

export type BackboneInUse = components["schemas"]["BackboneInUse"];

const inProject = (project_id: number) => ({ params: { path: { project_id } } });

export const backbones = {
  get: (project: number) => body(api.GET("/api/projects/{project_id}/backbone", inProject(project))),
  change: (project: number, backbone: string) =>
    body(api.POST("/api/projects/{project_id}/backbone", { ...inProject(project), body: { backbone } })),
  measure: (project: number, names: string[]) =>
    body(
      api.POST("/api/projects/{project_id}/backbone/measure", {
        ...inProject(project),
        body: { backbones: names },
      }),
    ),
};

export const useBackbone = (p: number) =>
  useQuery({ queryKey: keys.backbone(p), queryFn: () => backbones.get(p) });
