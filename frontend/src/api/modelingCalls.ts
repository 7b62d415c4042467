/** What the pages ask of training runs, models and schedules, and what they keep of the answers. */
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { api, body } from "./client";
import type {
  CellPicture,
  Firing,
  Model,
  ModelDetail,
  ModelingSettings,
  Part,
  Preset,
  Recipe,
  Recipes,
  Run,
  RunDetail,
  Schedule,
  ScheduleDraft,
} from "./modeling";
import { keys } from "./queries";
import type { components } from "./schema";
import type { Paged } from "./types";

export interface RunDraft {
  preset: Preset;
  recipe: Recipe;
  snapshot?: number;
  snapshot_settings?: Partial<components["schemas"]["SnapshotSettingsRequest"]>;
}

const inProject = (project_id: number) => ({ params: { path: { project_id } } });
const paged = (project_id: number, after: number | undefined) => ({
  params: { path: { project_id }, query: { after, limit: 50 } },
});
const inRun = (project_id: number, run_id: number) => ({ params: { path: { project_id, run_id } } });

// The schema names every setting of a recipe; the pages treat them alike, hence the casts.
export const runs = {
  list: (project: number, after?: number) =>
    body(api.GET("/api/projects/{project_id}/runs", paged(project, after))) as Promise<Paged<Run>>,
  get: (project: number, run: number) =>
    body(api.GET("/api/projects/{project_id}/runs/{run_id}", inRun(project, run))) as Promise<RunDetail>,
  create: (project: number, draft: RunDraft) =>
    body(api.POST("/api/projects/{project_id}/runs", { ...inProject(project), body: draft as never })),
  cancel: (project: number, run: number) =>
    body(api.POST("/api/projects/{project_id}/runs/{run_id}/cancel", inRun(project, run))),
  recipes: (project: number) =>
    body(api.GET("/api/projects/{project_id}/recipes", inProject(project))) as Promise<Recipes>,
};

const inModel = (project_id: number, model_id: number) => ({ params: { path: { project_id, model_id } } });

export interface CellOf {
  label: number;
  predicted: number;
  part: Part;
}

export const models = {
  list: (project: number, after?: number) =>
    body(api.GET("/api/projects/{project_id}/models", paged(project, after))) as Promise<Paged<Model>>,
  get: (project: number, model: number) =>
    body(
      api.GET("/api/projects/{project_id}/models/{model_id}", inModel(project, model)),
    ) as Promise<ModelDetail>,
  cell: (project_id: number, model_id: number, cell: CellOf, after?: number) =>
    body(
      api.GET("/api/projects/{project_id}/models/{model_id}/cell", {
        params: { path: { project_id, model_id }, query: { ...cell, after, limit: 60 } },
      }),
    ),
  card: (project: number, model: number) =>
    body(api.GET("/api/projects/{project_id}/models/{model_id}/card", inModel(project, model))),
  promote: (project: number, model: number, override: boolean) =>
    body(
      api.POST("/api/projects/{project_id}/models/{model_id}/promote", {
        ...inModel(project, model),
        body: { override },
      }),
    ),
  tryOn: (project: number, model: number, picture: Blob) => {
    const form = new FormData();
    form.append("file", picture);
    return body(
      api.POST("/api/projects/{project_id}/models/{model_id}/try", {
        ...inModel(project, model),
        body: form as never,
        bodySerializer: (given: unknown) => given as FormData,
      }),
    );
  },
  settings: (project: number) =>
    body(
      api.GET("/api/projects/{project_id}/modeling-settings", inProject(project)),
    ) as Promise<ModelingSettings>,
  change: (project: number, change: Partial<ModelingSettings>) =>
    body(
      api.PATCH("/api/projects/{project_id}/modeling-settings", { ...inProject(project), body: change }),
    ) as Promise<ModelingSettings>,
};

const inSchedule = (project_id: number, schedule_id: number) => ({
  params: { path: { project_id, schedule_id } },
});

export const schedules = {
  list: (project: number) =>
    body(api.GET("/api/projects/{project_id}/schedules", inProject(project))) as Promise<Schedule[]>,
  create: (project: number, draft: ScheduleDraft) =>
    body(api.POST("/api/projects/{project_id}/schedules", { ...inProject(project), body: draft as never })),
  update: (project: number, schedule: number, change: ScheduleDraft) =>
    body(
      api.PATCH("/api/projects/{project_id}/schedules/{schedule_id}", {
        ...inSchedule(project, schedule),
        body: change as never,
      }),
    ),
  remove: (project: number, schedule: number) =>
    body(api.DELETE("/api/projects/{project_id}/schedules/{schedule_id}", inSchedule(project, schedule))),
  fire: (project: number, schedule: number) =>
    body(api.POST("/api/projects/{project_id}/schedules/{schedule_id}/fire", inSchedule(project, schedule))),
  firings: (project: number, after?: number) =>
    body(api.GET("/api/projects/{project_id}/firings", paged(project, after))),
  timezones: () => body(api.GET("/api/timezones")),
};

const pages = <T>(last: Paged<T>) => last.next ?? undefined;

const live = (run: Run | undefined) => run?.state === "queued" || run?.state === "running";

export const useRuns = (p: number) =>
  useInfiniteQuery({
    queryKey: keys.runs(p),
    queryFn: ({ pageParam }) => runs.list(p, pageParam),
    initialPageParam: undefined as number | undefined,
    getNextPageParam: pages<Run>,
    refetchInterval: ({ state }) => (state.data?.pages[0]?.results.some(live) ? 5_000 : false),
  });

export const useRun = (p: number, run: number) =>
  useQuery({
    queryKey: [...keys.runs(p), run],
    queryFn: () => runs.get(p, run),
    refetchInterval: (query) => (live(query.state.data) ? 2_000 : false),
  });

export const useTrainingSnapshots = (p: number) =>
  useQuery({
    queryKey: ["project", p, "snapshots", "to-train-on"],
    queryFn: () =>
      body(
        api.GET("/api/projects/{project_id}/snapshots", {
          params: { path: { project_id: p }, query: { limit: 50 } },
        }),
      ),
  });

export const useRecipes = (p: number) =>
  useQuery({ queryKey: ["project", p, "recipes"], queryFn: () => runs.recipes(p), staleTime: 600_000 });

export const useModels = (p: number) =>
  useInfiniteQuery({
    queryKey: keys.models(p),
    queryFn: ({ pageParam }) => models.list(p, pageParam),
    initialPageParam: undefined as number | undefined,
    getNextPageParam: pages<Model>,
  });

export const useModel = (p: number, model: number) =>
  useQuery({ queryKey: [...keys.models(p), model], queryFn: () => models.get(p, model) });

export const useModelCard = (p: number, model: number) =>
  useQuery({ queryKey: [...keys.models(p), model, "card"], queryFn: () => models.card(p, model) });

export const useCell = (p: number, model: number, cell: CellOf) =>
  useInfiniteQuery({
    queryKey: [...keys.models(p), model, "cell", cell],
    queryFn: ({ pageParam }) => models.cell(p, model, cell, pageParam),
    initialPageParam: undefined as number | undefined,
    getNextPageParam: pages<CellPicture>,
  });

export const useModelingSettings = (p: number) =>
  useQuery({ queryKey: keys.modelingSettings(p), queryFn: () => models.settings(p) });

export const useSchedules = (p: number) =>
  useQuery({ queryKey: keys.schedules(p), queryFn: () => schedules.list(p) });

export const useFirings = (p: number) =>
  useInfiniteQuery({
    queryKey: keys.firings(p),
    queryFn: ({ pageParam }) => schedules.firings(p, pageParam),
    initialPageParam: undefined as number | undefined,
    getNextPageParam: pages<Firing>,
  });

export const useTimezones = () =>
  useQuery({
    queryKey: ["timezones"],
    queryFn: schedules.timezones,
    staleTime: Number.POSITIVE_INFINITY,
  });
