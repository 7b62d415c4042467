/** What site admins see and start: workers, the jobs of all projects, storage; and deleting a project for ever. */
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { api, body } from "./client";
import type { components } from "./schema";

type Schemas = components["schemas"];

export type SiteJob = Schemas["SiteJob"];
export type Worker = Schemas["Worker"];
export type Storage = Schemas["Storage"];
export type Measured = Schemas["Measured"];
export type ProjectUse = Schemas["ProjectUse"];

const inJob = (job_id: number) => ({ params: { path: { job_id } } });

export const site = {
  workers: () => body(api.GET("/api/workers")),
  jobs: (state: string, after?: number) =>
    body(api.GET("/api/jobs", { params: { query: { state: state || undefined, after, limit: 50 } } })),
  cancel: (job: number) => body(api.POST("/api/jobs/{job_id}/cancel", inJob(job))),
  retry: (job: number) => body(api.POST("/api/jobs/{job_id}/retry", inJob(job))),
  storage: () => body(api.GET("/api/storage")),
  collect: (dry_run: boolean) => body(api.POST("/api/storage/collect", { body: { dry_run } })),
  archived: () => body(api.GET("/api/projects", { params: { query: { archived: 1 } } })),
  deleteProject: (project_id: number, name: string) =>
    body(api.POST("/api/projects/{project_id}/delete", { params: { path: { project_id } }, body: { name } })),
};

export const siteKeys = {
  workers: ["site", "workers"] as const,
  jobs: ["site", "jobs"] as const,
  storage: ["site", "storage"] as const,
  archived: ["projects", "archived"] as const,
};

const often = 2_000;

export const useWorkers = () =>
  useQuery({ queryKey: siteKeys.workers, queryFn: site.workers, refetchInterval: often });

/** Jobs of all projects in these states (separated by commas; none means all), newest first, page by page. */
export const useSiteJobs = (state: string) =>
  useInfiniteQuery({
    queryKey: [...siteKeys.jobs, state],
    queryFn: ({ pageParam }) => site.jobs(state, pageParam),
    initialPageParam: undefined as number | undefined,
    getNextPageParam: (page) => page.next ?? undefined,
    refetchInterval: often,
  });

/** Disk and storage; asked again often while a job looks through it. */
export const useStorage = () =>
  useQuery({
    queryKey: siteKeys.storage,
    queryFn: site.storage,
    refetchInterval: ({ state }) => (state.data?.jobs.length ? often / 2 : false),
  });

export const useArchivedProjects = () => useQuery({ queryKey: siteKeys.archived, queryFn: site.archived });
