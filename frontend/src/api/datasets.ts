/** Snapshots, exports, duplicates and the gallery: their shapes, calls and cached reads. */
import { keepPreviousData, useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { api, body } from "./client";
import { keys } from "./queries";
import type { components } from "./schema";

type Schemas = components["schemas"];

export type Snapshot = Schemas["Snapshot"];
export type SnapshotDetail = Schemas["SnapshotDetail"];
export type SnapshotClass = Schemas["SnapshotClass"];
export type SnapshotRow = Schemas["SnapshotRow"];
export type SnapshotReport = Schemas["Report"];
export type SnapshotDraft = Schemas["NewSnapshotRequest"];
export type MinTrust = Schemas["MinTrustEnum"];
export type SplitName = Schemas["SplitEnum"];
export type ExportRow = Schemas["Export"];
export type ExportDraft = Schemas["NewExportRequest"];
export type ExportFormat = Schemas["FormatEnum"];
export type DuplicateGroup = Schemas["DuplicateGroup"];
export type DuplicatePair = Schemas["DuplicatePair"];
export type GalleryPicture = Schemas["GalleryPicture"];
export type ImageDetail = Schemas["ImageWithHistory"];
export type HistoryEntry = Schemas["HistoryEntry"];

export interface GalleryQuery {
  class: number | undefined;
  of: "labelled" | "suggested";
  order: "-confidence" | "confidence" | "newest";
}

export const splits: SplitName[] = ["train", "validation", "test"];

const inProject = (project_id: number) => ({ params: { path: { project_id } } });
const inSnapshot = (project_id: number, snapshot_id: number) => ({
  params: { path: { project_id, snapshot_id } },
});

export const snapshots = {
  list: (project_id: number, after?: number) =>
    body(
      api.GET("/api/projects/{project_id}/snapshots", { params: { path: { project_id }, query: { after } } }),
    ),
  get: (project: number, snapshot: number) =>
    body(api.GET("/api/projects/{project_id}/snapshots/{snapshot_id}", inSnapshot(project, snapshot))),
  create: (project: number, draft: SnapshotDraft) =>
    body(api.POST("/api/projects/{project_id}/snapshots", { ...inProject(project), body: draft })),
  archive: (project: number, snapshot: number, archived: boolean) =>
    body(
      api.PATCH("/api/projects/{project_id}/snapshots/{snapshot_id}", {
        ...inSnapshot(project, snapshot),
        body: { archived },
      }),
    ),
  rows: (
    project_id: number,
    snapshot_id: number,
    query: { split?: SplitName; label?: number; after?: number; limit: number },
  ) =>
    body(
      api.GET("/api/projects/{project_id}/snapshots/{snapshot_id}/rows", {
        params: { path: { project_id, snapshot_id }, query },
      }),
    ),
};

export const exports = {
  list: (project_id: number, after?: number) =>
    body(
      api.GET("/api/projects/{project_id}/exports", { params: { path: { project_id }, query: { after } } }),
    ),
  create: (project: number, draft: ExportDraft) =>
    body(api.POST("/api/projects/{project_id}/exports", { ...inProject(project), body: draft })),
  remove: (project_id: number, export_id: number) =>
    body(
      api.DELETE("/api/projects/{project_id}/exports/{export_id}", {
        params: { path: { project_id, export_id } },
      }),
    ),
};

export const duplicates = {
  list: (project_id: number, after?: number) =>
    body(
      api.GET("/api/projects/{project_id}/duplicates", {
        params: { path: { project_id }, query: { after, limit: 30 } },
      }),
    ),
  find: (project: number) => body(api.POST("/api/projects/{project_id}/duplicates/find", inProject(project))),
  split: (project_id: number, group: number, images: number[]) =>
    body(
      api.POST("/api/projects/{project_id}/duplicates/{group}/split", {
        params: { path: { project_id, group } },
        body: { images },
      }),
    ),
};

const gallery = (project_id: number, query: GalleryQuery, after?: number) =>
  body(
    api.GET("/api/projects/{project_id}/gallery", {
      params: { path: { project_id }, query: { ...query, after, limit: 100 } },
    }),
  );

const imageDetail = (project_id: number, image_id: number) =>
  body(
    api.GET("/api/projects/{project_id}/images/{image_id}", { params: { path: { project_id, image_id } } }),
  );

const firstPage = undefined as number | undefined;
const following = (page: { next: number | null }) => page.next ?? undefined;

export const useSnapshots = (p: number) =>
  useInfiniteQuery({
    queryKey: keys.snapshots(p),
    queryFn: ({ pageParam }) => snapshots.list(p, pageParam),
    initialPageParam: firstPage,
    getNextPageParam: following,
  });
export const useSnapshot = (p: number, snapshot: number, enabled = true) =>
  useQuery({
    queryKey: [...keys.snapshots(p), snapshot],
    queryFn: () => snapshots.get(p, snapshot),
    enabled,
  });
export const useSnapshotRows = (p: number, snapshot: number, chosen: { split?: SplitName; label?: number }) =>
  useInfiniteQuery({
    queryKey: [...keys.snapshotRows(p), snapshot, chosen],
    queryFn: ({ pageParam }) => snapshots.rows(p, snapshot, { ...chosen, after: pageParam, limit: 100 }),
    initialPageParam: firstPage,
    getNextPageParam: following,
    staleTime: Number.POSITIVE_INFINITY,
    placeholderData: keepPreviousData,
  });
/** One picture of a snapshot by its position, which never changes. */
export const useSnapshotPicture = (p: number, snapshot: number, position: number) =>
  useQuery({
    queryKey: [...keys.snapshotRows(p), snapshot, "at", position],
    queryFn: async () => {
      const page = await snapshots.rows(p, snapshot, { after: position - 1, limit: 1 });
      return page.results.find((row) => row.position === position) ?? null;
    },
    staleTime: Number.POSITIVE_INFINITY,
  });
export const useExports = (p: number, enabled: boolean) =>
  useInfiniteQuery({
    enabled,
    queryKey: keys.exports(p),
    queryFn: ({ pageParam }) => exports.list(p, pageParam),
    initialPageParam: firstPage,
    getNextPageParam: following,
  });
export const useDuplicates = (p: number) =>
  useInfiniteQuery({
    queryKey: keys.duplicates(p),
    queryFn: ({ pageParam }) => duplicates.list(p, pageParam),
    initialPageParam: firstPage,
    getNextPageParam: following,
  });
export const useGallery = (p: number, query: GalleryQuery, enabled = true) =>
  useInfiniteQuery({
    enabled,
    queryKey: [...keys.gallery(p), query],
    queryFn: ({ pageParam }) => gallery(p, query, pageParam),
    initialPageParam: firstPage,
    getNextPageParam: following,
  });
export const useImageDetail = (p: number, image: number) =>
  useQuery({ queryKey: [...keys.images(p), "one", image], queryFn: () => imageDetail(p, image) });
