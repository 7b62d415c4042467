/** Every call that the pages make, one function each, so that paths are written in one place. */
import { request } from "./client";
import type {
  Account,
  AnnotationItem,
  AnnotationReply,
  AnnotationRow,
  ApiToken,
  Balance,
  Batch,
  ImageBrief,
  Job,
  LabelClass,
  LabelsMode,
  Lease,
  Me,
  Member,
  Overview,
  Paged,
  Presets,
  Project,
  ProjectCard,
  ProjectEvent,
  Pulse,
  Rejected,
  Role,
} from "./types";

const at = (project: number, rest = "") => `/api/projects/${project}${rest}`;

export const auth = {
  me: () => request<Me>("GET", "/api/auth/me"),
  login: (username: string, password: string) =>
    request<Me>("POST", "/api/auth/login", { body: { username, password } }),
  logout: () => request<null>("POST", "/api/auth/logout"),
  changePassword: (old_password: string, new_password: string) =>
    request<null>("POST", "/api/auth/password", { body: { old_password, new_password } }),
  tokens: () => request<ApiToken[]>("GET", "/api/auth/tokens"),
  createToken: (name: string) => request<ApiToken>("POST", "/api/auth/tokens", { body: { name } }),
  deleteToken: (id: number | string) => request<null>("DELETE", `/api/auth/tokens/${id}`),
};

export const users = {
  list: () => request<Account[]>("GET", "/api/users"),
  create: (body: { username: string; password: string; name?: string; is_admin?: boolean }) =>
    request<Account>("POST", "/api/users", { body }),
  update: (id: number, body: Partial<Account> & { password?: string }) =>
    request<Account>("PATCH", `/api/users/${id}`, { body }),
};

export type ProjectDraft = Partial<Omit<Project, "id" | "role" | "created_at">> & {
  name: string;
  classes?: string[];
};

export const projects = {
  list: () => request<ProjectCard[]>("GET", "/api/projects"),
  get: (project: number) => request<Project>("GET", at(project)),
  create: (body: ProjectDraft) => request<Project>("POST", "/api/projects", { body }),
  update: (project: number, body: Partial<Project>) => request<Project>("PATCH", at(project), { body }),
  archive: (project: number) => request<null>("DELETE", at(project)),
  presets: () => request<Presets>("GET", "/api/presets"),
  overview: (project: number) => request<Overview>("GET", at(project, "/overview")),
  balance: (project: number) => request<Balance>("GET", at(project, "/balance")),
  pulse: (project: number, after?: number) =>
    request<Pulse>("GET", at(project, "/pulse"), { query: { after } }),
  events: (project: number, limit: number) =>
    request<Paged<ProjectEvent>>("GET", at(project, "/events"), { query: { limit } }),
};

export const classes = {
  list: (project: number) => request<LabelClass[]>("GET", at(project, "/classes")),
  add: (project: number, names: string[]) =>
    request<LabelClass[]>("POST", at(project, "/classes"), { body: { names } }),
  update: (project: number, id: number, body: Partial<LabelClass>) =>
    request<LabelClass>("PATCH", at(project, `/classes/${id}`), { body }),
};

export const members = {
  list: (project: number) => request<Member[]>("GET", at(project, "/members")),
  add: (project: number, username: string, role: Role) =>
    request<Member>("POST", at(project, "/members"), { body: { username, role } }),
  update: (project: number, user: number, role: Role) =>
    request<Member>("PATCH", at(project, `/members/${user}`), { body: { role } }),
  remove: (project: number, user: number) => request<null>("DELETE", at(project, `/members/${user}`)),
};

export const imports = {
  list: (project: number) => request<Paged<Batch>>("GET", at(project, "/imports")),
  get: (project: number, batch: number) => request<Batch>("GET", at(project, `/imports/${batch}`)),
  create: (project: number, name: string, labels: LabelsMode) =>
    request<Batch>("POST", at(project, "/imports"), { body: { name, labels } }),
  filesPath: (project: number, batch: number) => at(project, `/imports/${batch}/files`),
  start: (project: number, batch: number) => request<Job>("POST", at(project, `/imports/${batch}/start`)),
  undo: (project: number, batch: number) => request<Batch>("POST", at(project, `/imports/${batch}/undo`)),
  rejected: (project: number, batch: number, after?: number) =>
    request<Paged<Rejected>>("GET", at(project, `/imports/${batch}/rejected`), {
      query: { after, limit: 100 },
    }),
  rejectedCsv: (project: number, batch: number) => at(project, `/imports/${batch}/rejected?format=csv`),
};

export const images = {
  list: (
    project: number,
    query: { after?: number; limit?: number; label?: number | "none"; batch?: number },
  ) => request<Paged<ImageBrief>>("GET", at(project, "/images"), { query }),
};

export const labeling = {
  lease: (project: number, count: number) =>
    request<Lease>("POST", at(project, "/lease"), { body: { count } }),
  release: (project: number, tasks: number[], keepalive = false) =>
    request<null>("POST", at(project, "/release"), { body: { tasks }, keepalive }),
  annotate: (project: number, items: AnnotationItem[], keepalive = false) =>
    request<AnnotationReply>("POST", at(project, "/annotations"), { body: { items }, keepalive }),
  mine: (project: number, limit: number, after?: number) =>
    request<Paged<AnnotationRow>>("GET", at(project, "/annotations"), { query: { mine: 1, limit, after } }),
  refresh: (project: number) => request<Job>("POST", at(project, "/refresh")),
};

export const jobs = {
  list: (project: number, query: { state?: string; after?: number; limit?: number }) =>
    request<Paged<Job>>("GET", at(project, "/jobs"), { query }),
  get: (project: number, job: number) => request<Job>("GET", at(project, `/jobs/${job}`)),
  cancel: (project: number, job: number) => request<Job>("POST", at(project, `/jobs/${job}/cancel`)),
  retry: (project: number, job: number) => request<Job>("POST", at(project, `/jobs/${job}/retry`)),
};
