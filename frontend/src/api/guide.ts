/** What helps to tell classes apart: a class's guide in pictures, and labelled pictures that look alike. */
import { queryOptions } from "@tanstack/react-query";
import { api, body } from "./client";
import type { components } from "./schema";

type Schemas = components["schemas"];

export type Guide = Schemas["Guide"];
export type Neighbours = Schemas["Neighbours"];
export type Neighbour = Schemas["Neighbour"];

export const guideQuery = (project_id: number, class_id: number) =>
  queryOptions({
    queryKey: ["project", project_id, "guide", class_id],
    queryFn: () =>
      body(
        api.GET("/api/projects/{project_id}/classes/{class_id}/guide", {
          params: { path: { project_id, class_id } },
        }),
      ),
    staleTime: 60_000,
  });

export function labelledNeighbours(project_id: number, image_id: number, count: number): Promise<Neighbours> {
  return body(
    api.GET("/api/projects/{project_id}/images/{image_id}/neighbours", {
      params: { path: { project_id, image_id }, query: { count } },
    }),
  );
}

/** The pictures that leads pin to a class. */
export const examples = {
  pin: (project_id: number, class_id: number, image: number, shows: boolean, note: string) =>
    body(
      api.POST("/api/projects/{project_id}/classes/{class_id}/examples", {
        params: { path: { project_id, class_id } },
        body: { image, shows, note },
      }),
    ),
  unpin: (project_id: number, class_id: number, image: number) =>
    body(
      api.DELETE("/api/projects/{project_id}/classes/{class_id}/examples", {
        params: { path: { project_id, class_id }, query: { image } },
      }),
    ),
};
