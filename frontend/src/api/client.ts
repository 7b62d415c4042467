/** One way to the server: typed by its schema, with CSRF, and every failure as an ApiError that a page can show. */
import createClient, { type Middleware } from "openapi-fetch";
import type { paths } from "./schema";

export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly fields: Record<string, string[]> = {},
    readonly retryAfter: number | null = null,
  ) {
    super(message);
    this.name = "ApiError";
  }

  /** True when the same request may succeed later without anybody changing it. */
  get temporary(): boolean {
    return this.status === 0 || this.status === 408 || this.status === 429 || this.status >= 500;
  }
}

export function csrfToken(): string {
  const found = document.cookie.split("; ").find((part) => part.startsWith("csrftoken="));
  return found ? decodeURIComponent(found.slice("csrftoken=".length)) : "";
}

function unreachable(): ApiError {
  return new ApiError(0, "unreachable", "The server cannot be reached.");
}

/** An error answer of the API, or of something between it and here. */
export function toApiError(status: number, body: unknown, retryHeader: string | null): ApiError {
  const data = (body && typeof body === "object" ? body : {}) as Record<string, unknown>;
  const retry = Number(data.retry_after ?? retryHeader ?? Number.NaN);
  return new ApiError(
    status,
    typeof data.code === "string" ? data.code : `http_${status}`,
    typeof data.message === "string" ? data.message : `HTTP ${status}`,
    (data.errors as Record<string, string[]>) ?? {},
    retry > 0 ? retry : null,
  );
}

const signedOut = new Set<() => void>();

/** Calls back when any request finds that the session has ended; returns the way to stop. */
export function onSignedOut(listener: () => void): () => void {
  signedOut.add(listener);
  return () => signedOut.delete(listener);
}

const csrfAndErrors: Middleware = {
  onRequest({ request }) {
    if (request.method !== "GET") request.headers.set("X-CSRFToken", csrfToken());
  },
  onResponse({ response }) {
    if (response.status === 401) for (const listener of signedOut) listener();
  },
  onError: unreachable,
};

export const api = createClient<paths>({ baseUrl: "/", credentials: "same-origin" });
api.use(csrfAndErrors);

/** The JSON of a call, or its failure thrown. (A list that is also offered as CSV is typed as text too.) */
export async function body<T>(
  call: Promise<{ data?: T; error?: unknown; response: Response }>,
): Promise<Exclude<T, string>> {
  const { data, error, response } = await call;
  if (response.ok) return data as Exclude<T, string>;
  throw toApiError(response.status, error, response.headers.get("Retry-After"));
}

/** Posts a form with upload progress (bytes sent so far), which fetch cannot tell. */
export function postForm<T>(
  path: string,
  form: FormData,
  onProgress: (bytes: number) => void,
  signal?: AbortSignal,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const xhr = new XMLHttpRequest();
    xhr.open("POST", path);
    xhr.responseType = "json";
    xhr.setRequestHeader("X-CSRFToken", csrfToken());
    xhr.upload.onprogress = (event) => onProgress(event.loaded);
    xhr.onload = () => {
      if (xhr.status >= 200 && xhr.status < 300) resolve(xhr.response as T);
      else reject(toApiError(xhr.status, xhr.response, xhr.getResponseHeader("Retry-After")));
    };
    xhr.onerror = () => reject(unreachable());
    xhr.onabort = () => reject(new DOMException("Aborted", "AbortError"));
    signal?.addEventListener("abort", () => xhr.abort(), { once: true });
    xhr.send(form);
  });
}
