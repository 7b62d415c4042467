/** One way to the server: JSON in and out, CSRF, and every failure as an ApiError that a page can show. */

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

export function cookie(name: string): string {
  const found = document.cookie.split("; ").find((part) => part.startsWith(`${name}=`));
  return found ? decodeURIComponent(found.slice(name.length + 1)) : "";
}

function toApiError(status: number, body: unknown, retryHeader: string | null): ApiError {
  const data = (body && typeof body === "object" ? body : {}) as Record<string, unknown>;
  const retry = Number(data.retry_after ?? retryHeader);
  return new ApiError(
    status,
    typeof data.code === "string" ? data.code : `http_${status}`,
    typeof data.message === "string" ? data.message : `HTTP ${status}`,
    (data.errors as Record<string, string[]>) ?? {},
    Number.isFinite(retry) && retry > 0 ? retry : null,
  );
}

type SignedOutListener = () => void;
const signedOut = new Set<SignedOutListener>();

/** Calls back when any request finds that the session has ended; returns the way to stop. */
export function onSignedOut(listener: SignedOutListener): () => void {
  signedOut.add(listener);
  return () => signedOut.delete(listener);
}

export type Query = Record<string, string | number | boolean | null | undefined>;

export function withQuery(path: string, query?: Query): string {
  const pairs = Object.entries(query ?? {}).filter(([, value]) => value !== null && value !== undefined);
  if (!pairs.length) return path;
  return `${path}?${new URLSearchParams(pairs.map(([key, value]) => [key, String(value)]))}`;
}

export function csrfHeader(): Record<string, string> {
  const token = cookie("csrftoken");
  return token ? { "X-CSRFToken": token } : {};
}

async function readBody(response: Response): Promise<unknown> {
  if (response.status === 204) return null;
  const text = await response.text();
  try {
    return text ? JSON.parse(text) : null;
  } catch {
    return null;
  }
}

interface Options {
  query?: Query;
  body?: unknown;
  signal?: AbortSignal;
  keepalive?: boolean;
}

/** Sends one request; throws ApiError (status 0 when the server could not be reached). */
export async function request<T>(method: string, path: string, options: Options = {}): Promise<T> {
  const headers: Record<string, string> = { Accept: "application/json" };
  if (options.body !== undefined) headers["Content-Type"] = "application/json";
  if (method !== "GET") Object.assign(headers, csrfHeader());
  let response: Response;
  try {
    response = await fetch(withQuery(path, options.query), {
      method,
      headers,
      credentials: "same-origin",
      body: options.body === undefined ? undefined : JSON.stringify(options.body),
      signal: options.signal,
      keepalive: options.keepalive,
    });
  } catch (cause) {
    if (options.signal?.aborted) throw cause;
    throw new ApiError(0, "unreachable", "The server cannot be reached.");
  }
  const body = await readBody(response);
  if (response.ok) return body as T;
  if (response.status === 401) for (const listener of signedOut) listener();
  throw toApiError(response.status, body, response.headers.get("Retry-After"));
}

/** Posts a form with upload progress (bytes sent so far). */
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
    for (const [name, value] of Object.entries(csrfHeader())) xhr.setRequestHeader(name, value);
    xhr.upload.onprogress = (event) => onProgress(event.loaded);
    xhr.onload = () => {
      if (xhr.status >= 200 && xhr.status < 300) resolve(xhr.response as T);
      else reject(toApiError(xhr.status, xhr.response, xhr.getResponseHeader("Retry-After")));
    };
    xhr.onerror = () => reject(new ApiError(0, "unreachable", "The server cannot be reached."));
    xhr.onabort = () => reject(new DOMException("Aborted", "AbortError"));
    signal?.addEventListener("abort", () => xhr.abort(), { once: true });
    xhr.send(form);
  });
}
