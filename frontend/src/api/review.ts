/** Cases that people have to talk about, and how far labelers agree. */
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { api, body } from "./client";
import { labelledNeighbours } from "./guide";
import { keys } from "./queries";
import type { components, operations } from "./schema";

type Schemas = components["schemas"];

export type Case = Schemas["Case"];
export type CasePage = Schemas["CasePage"];
export type CaseState = Case["state"];
export type Agreement = Schemas["Agreement"];

export type CaseQuery = Pick<
  NonNullable<operations["cases"]["parameters"]["query"]>,
  "state" | "kind" | "mine"
>;

const pageSize = 50;
const inCase = (project_id: number, case_id: number) => ({ params: { path: { project_id, case_id } } });

export const cases = {
  list: (project_id: number, query: CaseQuery, after?: number) =>
    body(
      api.GET("/api/projects/{project_id}/cases", {
        params: { path: { project_id }, query: { ...query, after, limit: pageSize } },
      }),
    ),
  get: (project: number, id: number) =>
    body(api.GET("/api/projects/{project_id}/cases/{case_id}", inCase(project, id))),
  comment: (project: number, id: number, text: string) =>
    body(
      api.POST("/api/projects/{project_id}/cases/{case_id}/comments", {
        ...inCase(project, id),
        body: { text },
      }),
    ),
  resolve: (project: number, id: number, given: Schemas["ResolveRequestRequest"]) =>
    body(
      api.POST("/api/projects/{project_id}/cases/{case_id}/resolve", { ...inCase(project, id), body: given }),
    ),
  sendBack: (project: number, id: number, user: number, text: string) =>
    body(
      api.POST("/api/projects/{project_id}/cases/{case_id}/send_back", {
        ...inCase(project, id),
        body: { user, text },
      }),
    ),
  reopen: (project: number, id: number) =>
    body(api.POST("/api/projects/{project_id}/cases/{case_id}/reopen", inCase(project, id))),
};

export const useCases = (p: number, query: CaseQuery | null) =>
  useInfiniteQuery({
    enabled: query !== null,
    queryKey: [...keys.cases(p), query],
    queryFn: ({ pageParam }) => cases.list(p, query ?? {}, pageParam),
    initialPageParam: undefined as number | undefined,
    getNextPageParam: (page) => page.next ?? undefined,
  });

export const useAgreement = (p: number, enabled: boolean) =>
  useQuery({
    queryKey: keys.agreement(p),
    queryFn: () =>
      body(api.GET("/api/projects/{project_id}/agreement", { params: { path: { project_id: p } } })),
    enabled,
  });

export const useCase = (p: number, id: number | null) =>
  useQuery({
    queryKey: [...keys.cases(p), "one", id],
    queryFn: () => cases.get(p, id ?? 0),
    enabled: id !== null,
  });

/** What the model says of one picture now, by its position; null where it says nothing. */
export const useModelSays = (p: number, position: number | null) =>
  useQuery({
    queryKey: [...keys.images(p), "suggestion", position],
    queryFn: async () => {
      const query = { after: (position ?? 0) - 1, limit: 1 };
      const page = await body(
        api.GET("/api/projects/{project_id}/suggestions", { params: { path: { project_id: p }, query } }),
      );
      const [at, label, confidence] = page.results[0] ?? [];
      return at === position && label !== undefined ? { class: label, confidence: confidence ?? 0 } : null;
    },
    enabled: position !== null,
    staleTime: 60_000,
  });

export const useLabelledNeighbours = (p: number, image: number | null) =>
  useQuery({
    queryKey: [...keys.images(p), "labelled-neighbours", image],
    queryFn: () => labelledNeighbours(p, image ?? 0, 8),
    enabled: image !== null,
    staleTime: 60_000,
  });
