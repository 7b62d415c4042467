/** Verify pages: their shapes, calls and cached reads. */
import { useQuery } from "@tanstack/react-query";
import { api, body } from "./client";
import { keys } from "./queries";
import type { components } from "./schema";

type Schemas = components["schemas"];

export type VerifyOverview = Schemas["Verify"];
export type VerifyPage = Schemas["VerifyPage"];
export type VerifyPicture = Schemas["VerifyPicture"];
export type VerifyMode = VerifyPage["mode"];
export type VerifyOrder = VerifyPage["order"];
export type VerifyReason = Schemas["VerifyReasonEnum"];
export type VerifyException = Schemas["ExceptionRequest"];
export type ConfirmBody = Schemas["ConfirmPageRequest"];
export type ConfirmReply = Schemas["Confirmed"];
export type UndoReply = Schemas["UndonePage"];
export type Labelled = Schemas["LabelledPicture"];
export type VerifyLease = Schemas["LeasedPages"];
export type WantedPages = Schemas["WantedPagesRequest"];

const inProject = (project_id: number) => ({ params: { path: { project_id } } });
const inPage = (project_id: number, page_id: number) => ({ params: { path: { project_id, page_id } } });

export const verify = {
  overview: (project: number) => body(api.GET("/api/projects/{project_id}/verify", inProject(project))),
  lease: (project: number, wanted: WantedPages) =>
    body(api.POST("/api/projects/{project_id}/verify/pages", { ...inProject(project), body: wanted })),
  confirm: (project: number, page: number, confirmation: ConfirmBody, keepalive: boolean) =>
    body(
      api.POST("/api/projects/{project_id}/verify/pages/{page_id}/confirm", {
        ...inPage(project, page),
        body: confirmation,
        keepalive,
      }),
    ),
  undo: (project: number, page: number, client_id: string, keepalive: boolean) =>
    body(
      api.POST("/api/projects/{project_id}/verify/pages/{page_id}/undo", {
        ...inPage(project, page),
        body: { client_id },
        keepalive,
      }),
    ),
  release: (project: number, pages: number[]) =>
    body(
      api.POST("/api/projects/{project_id}/verify/release", {
        ...inProject(project),
        body: { pages },
        keepalive: true,
      }),
    ),
  misses: (project: number) => body(api.GET("/api/projects/{project_id}/verify/misses", inProject(project))),
};

export const useVerifyOverview = (p: number) =>
  useQuery({ queryKey: keys.verify(p), queryFn: () => verify.overview(p) });

export const useMisses = (p: number) =>
  useQuery({ queryKey: [...keys.verify(p), "misses"], queryFn: () => verify.misses(p) });
