/** What the pages read, as cached queries; the keys are what a pulse invalidates. */
import { QueryClient, queryOptions, useQuery } from "@tanstack/react-query";
import { ApiError } from "./client";
import { auth, classes, images, imports, jobs, members, projects, users } from "./endpoints";

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 5_000,
      refetchOnWindowFocus: false,
      retry: (failures, error) => failures < 3 && error instanceof ApiError && error.temporary,
    },
  },
});

export const keys = {
  me: ["me"] as const,
  projects: ["projects"] as const,
  presets: ["presets"] as const,
  users: ["users"] as const,
  tokens: ["tokens"] as const,
  notifications: () => ["notifications"] as const,
  project: (p: number) => ["project", p, "detail"] as const,
  classes: (p: number) => ["project", p, "classes"] as const,
  members: (p: number) => ["project", p, "members"] as const,
  overview: (p: number) => ["project", p, "overview"] as const,
  balance: (p: number) => ["project", p, "balance"] as const,
  events: (p: number) => ["project", p, "events"] as const,
  activeJobs: (p: number) => ["project", p, "active-jobs"] as const,
  jobs: (p: number) => ["project", p, "jobs"] as const,
  imports: (p: number) => ["project", p, "imports"] as const,
  images: (p: number) => ["project", p, "images"] as const,
  gallery: (p: number) => ["project", p, "gallery"] as const,
  snapshots: (p: number) => ["project", p, "snapshots"] as const,
  snapshotRows: (p: number) => ["project", p, "snapshot-rows"] as const,
  exports: (p: number) => ["project", p, "exports"] as const,
  duplicates: (p: number) => ["project", p, "duplicates"] as const,
  runs: (p: number) => ["project", p, "runs"] as const,
  models: (p: number) => ["project", p, "models"] as const,
  backbone: (p: number) => ["project", p, "backbone"] as const,
  modelingSettings: (p: number) => ["project", p, "modeling-settings"] as const,
  schedules: (p: number) => ["project", p, "schedules"] as const,
  firings: (p: number) => ["project", p, "firings"] as const,
  webhooks: (p: number) => ["project", p, "webhooks"] as const,
  deliveries: (p: number) => ["project", p, "deliveries"] as const,
  selection: (p: number) => ["project", p, "selection"] as const,
  history: (p: number) => ["project", p, "history"] as const,
  cases: (p: number) => ["project", p, "cases"] as const,
  agreement: (p: number) => ["project", p, "agreement"] as const,
  focus: (p: number) => ["project", p, "focus"] as const,
  verify: (p: number) => ["project", p, "verify"] as const,
};

export const meQuery = queryOptions({ queryKey: keys.me, queryFn: auth.me, staleTime: 60_000 });

export const useMe = () => useQuery(meQuery);
export const useProjects = () => useQuery({ queryKey: keys.projects, queryFn: projects.list });
export const usePresets = () =>
  useQuery({ queryKey: keys.presets, queryFn: projects.presets, staleTime: 60_000 });
export const useUsers = () => useQuery({ queryKey: keys.users, queryFn: users.list });
export const useTokens = () => useQuery({ queryKey: keys.tokens, queryFn: auth.tokens });

export const projectQuery = (p: number) =>
  queryOptions({ queryKey: keys.project(p), queryFn: () => projects.get(p) });
export const classesQuery = (p: number) =>
  queryOptions({ queryKey: keys.classes(p), queryFn: () => classes.list(p) });
export const overviewQuery = (p: number) =>
  queryOptions({ queryKey: keys.overview(p), queryFn: () => projects.overview(p) });

export const useProject = (p: number) => useQuery(projectQuery(p));
export const useClasses = (p: number) => useQuery(classesQuery(p));
export const useMembers = (p: number) =>
  useQuery({ queryKey: keys.members(p), queryFn: () => members.list(p) });
export const useOverview = (p: number) => useQuery(overviewQuery(p));
export const useBalance = (p: number) =>
  useQuery({ queryKey: keys.balance(p), queryFn: () => projects.balance(p) });
export const useEvents = (p: number) =>
  useQuery({ queryKey: keys.events(p), queryFn: () => projects.events(p, 50) });
export const useImports = (p: number) =>
  useQuery({ queryKey: keys.imports(p), queryFn: () => imports.list(p) });
export const useBatch = (p: number, batch: number) =>
  useQuery({ queryKey: [...keys.imports(p), batch], queryFn: () => imports.get(p, batch) });
export const useJobs = (p: number) => useQuery({ queryKey: keys.jobs(p), queryFn: () => jobs.list(p, 100) });
export const useSomeImages = (p: number, limit: number) =>
  useQuery({
    queryKey: [...keys.images(p), limit],
    queryFn: () => images.list(p, limit),
    staleTime: 60_000,
  });
