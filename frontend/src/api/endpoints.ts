/** Every call that the pages make, one function each. */
import { api, body, csrfToken } from "./client";
import type {
  AnnotationItem,
  AnnotationReply,
  AnnotationRow,
  ClassChange,
  LabelsMode,
  Lease,
  Paged,
  ProjectChange,
  ProjectDraft,
  ProjectEvent,
  Role,
} from "./types";

const inProject = (project_id: number) => ({ params: { path: { project_id } } });

export const auth = {
  me: () => body(api.GET("/api/auth/me")),
  login: async (username: string, password: string) => {
    // Asking who one is brings the CSRF cookie, should it have gone with the session.
    if (!csrfToken()) await body(api.GET("/api/auth/me"));
    return body(api.POST("/api/auth/login", { body: { username, password } }));
  },
  logout: () => body(api.POST("/api/auth/logout")),
  changePassword: (old_password: string, new_password: string) =>
    body(api.POST("/api/auth/password", { body: { old_password, new_password } })),
  tokens: () => body(api.GET("/api/auth/tokens")),
  createToken: (name: string) => body(api.POST("/api/auth/tokens", { body: { name } })),
  deleteToken: (token_id: number) =>
    body(api.DELETE("/api/auth/tokens/{token_id}", { params: { path: { token_id } } })),
};

export const users = {
  list: () => body(api.GET("/api/users")),
  create: (user: { username: string; password: string; name?: string; is_admin?: boolean }) =>
    body(api.POST("/api/users", { body: user })),
  update: (user_id: number, change: { is_admin?: boolean; is_active?: boolean }) =>
    body(api.PATCH("/api/users/{user_id}", { params: { path: { user_id } }, body: change })),
  resetPassword: (user_id: number, password?: string) =>
    body(api.POST("/api/users/{user_id}/password", { params: { path: { user_id } }, body: { password } })),
};

export const projects = {
  list: () => body(api.GET("/api/projects")),
  get: (project: number) => body(api.GET("/api/projects/{project_id}", inProject(project))),
  create: (draft: ProjectDraft) => body(api.POST("/api/projects", { body: draft })),
  update: (project: number, change: ProjectChange) =>
    body(api.PATCH("/api/projects/{project_id}", { ...inProject(project), body: change })),
  archive: (project: number) => body(api.DELETE("/api/projects/{project_id}", inProject(project))),
  presets: () => body(api.GET("/api/presets")),
  overview: (project: number) => body(api.GET("/api/projects/{project_id}/overview", inProject(project))),
  balance: (project: number) => body(api.GET("/api/projects/{project_id}/balance", inProject(project))),
  balancePath: (project: number, format?: "csv") =>
    `/api/projects/${project}/balance${format ? `?format=${format}` : ""}`,
  pulse: (project_id: number, after?: number) =>
    body(api.GET("/api/projects/{project_id}/pulse", { params: { path: { project_id }, query: { after } } })),
  events: (project_id: number, limit: number) =>
    body(
      api.GET("/api/projects/{project_id}/events", { params: { path: { project_id }, query: { limit } } }),
    ) as Promise<Paged<ProjectEvent>>,
};

export const classes = {
  list: (project: number) => body(api.GET("/api/projects/{project_id}/classes", inProject(project))),
  add: (project: number, names: string[]) =>
    body(api.POST("/api/projects/{project_id}/classes", { ...inProject(project), body: { names } })),
  update: (project_id: number, class_id: number, change: ClassChange) =>
    body(
      api.PATCH("/api/projects/{project_id}/classes/{class_id}", {
        params: { path: { project_id, class_id } },
        body: change,
      }),
    ),
};

export const members = {
  list: (project: number) => body(api.GET("/api/projects/{project_id}/members", inProject(project))),
  add: (project: number, username: string, role: Role) =>
    body(api.POST("/api/projects/{project_id}/members", { ...inProject(project), body: { username, role } })),
  update: (project_id: number, user_id: number, role: Role) =>
    body(
      api.PATCH("/api/projects/{project_id}/members/{user_id}", {
        params: { path: { project_id, user_id } },
        body: { role },
      }),
    ),
  remove: (project_id: number, user_id: number) =>
    body(
      api.DELETE("/api/projects/{project_id}/members/{user_id}", {
        params: { path: { project_id, user_id } },
      }),
    ),
  retractable: (project_id: number, user_id: number, since: string) =>
    body(
      api.GET("/api/projects/{project_id}/members/{user_id}/retract", {
        params: { path: { project_id, user_id }, query: { since } },
      }),
    ),
  retract: (project_id: number, user_id: number, since: string) =>
    body(
      api.POST("/api/projects/{project_id}/members/{user_id}/retract", {
        params: { path: { project_id, user_id } },
        body: { since },
      }),
    ),
};

const inBatch = (project_id: number, batch_id: number) => ({ params: { path: { project_id, batch_id } } });

export const imports = {
  list: (project: number) => body(api.GET("/api/projects/{project_id}/imports", inProject(project))),
  get: (project: number, batch: number) =>
    body(api.GET("/api/projects/{project_id}/imports/{batch_id}", inBatch(project, batch))),
  create: (project: number, name: string, labels: LabelsMode) =>
    body(api.POST("/api/projects/{project_id}/imports", { ...inProject(project), body: { name, labels } })),
  filesPath: (project: number, batch: number) => `/api/projects/${project}/imports/${batch}/files`,
  start: (project: number, batch: number) =>
    body(api.POST("/api/projects/{project_id}/imports/{batch_id}/start", inBatch(project, batch))),
  undo: (project: number, batch: number) =>
    body(api.POST("/api/projects/{project_id}/imports/{batch_id}/undo", inBatch(project, batch))),
  rejected: (project_id: number, batch_id: number, after?: number) =>
    body(
      api.GET("/api/projects/{project_id}/imports/{batch_id}/rejected", {
        params: { path: { project_id, batch_id }, query: { after, limit: 100 } },
      }),
    ),
  rejectedCsv: (project: number, batch: number) =>
    `/api/projects/${project}/imports/${batch}/rejected?format=csv`,
};

export const images = {
  list: (project_id: number, limit: number) =>
    body(
      api.GET("/api/projects/{project_id}/images", { params: { path: { project_id }, query: { limit } } }),
    ),
};

// The schema leaves pictures and suggestions inside tasks untyped; `types.ts` says what they are.
export const labeling = {
  lease: (project: number, count: number) =>
    body(
      api.POST("/api/projects/{project_id}/lease", { ...inProject(project), body: { count } }),
    ) as unknown as Promise<Lease>,
  release: (project: number, tasks: number[]) =>
    body(
      api.POST("/api/projects/{project_id}/release", {
        ...inProject(project),
        body: { tasks },
        keepalive: true,
      }),
    ),
  annotate: (project: number, items: AnnotationItem[], keepalive: boolean) =>
    body(
      api.POST("/api/projects/{project_id}/annotations", {
        ...inProject(project),
        body: { items: items as never },
        keepalive,
      }),
    ) as unknown as Promise<AnnotationReply>,
  /** What I said one picture at a time: whole pages are taken back where they were verified. */
  mine: (project_id: number, limit: number, after?: number) =>
    body(
      api.GET("/api/projects/{project_id}/annotations", {
        params: { path: { project_id }, query: { mine: true, origin: "single", limit, after } },
      }),
    ) as unknown as Promise<Paged<AnnotationRow>>,
};

const inJob = (project_id: number, job_id: number) => ({ params: { path: { project_id, job_id } } });

export const jobs = {
  list: (project_id: number, limit: number) =>
    body(api.GET("/api/projects/{project_id}/jobs", { params: { path: { project_id }, query: { limit } } })),
  get: (project: number, job: number) =>
    body(api.GET("/api/projects/{project_id}/jobs/{job_id}", inJob(project, job))),
  cancel: (project: number, job: number) =>
    body(api.POST("/api/projects/{project_id}/jobs/{job_id}/cancel", inJob(project, job))),
  retry: (project: number, job: number) =>
    body(api.POST("/api/projects/{project_id}/jobs/{job_id}/retry", inJob(project, job))),
};
