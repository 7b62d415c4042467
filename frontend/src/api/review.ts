/** Cases that people have to talk about, and how far labelers agree. */
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { api, body } from "./client";
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

export const useCases = (p: number, query: CaseQuery) =>
  useInfiniteQuery({
    queryKey: [...keys.cases(p), query],
    queryFn: ({ pageParam }) => cases.list(p, query, pageParam),
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
