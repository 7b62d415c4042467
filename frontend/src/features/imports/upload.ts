/** Sends chosen files to an import, three calls at a time, and goes on while pages change. */
import { ApiError, postForm } from "../../api/client";
import { imports } from "../../api/endpoints";
import { type Chosen, intoCalls } from "./paths";

export interface UploadState {
  total: number;
  sent: number;
  files: number;
  filesSent: number;
  phase: "sending" | "starting" | "started" | "failed" | "stopped";
  error: unknown;
}

const parallel = 3;
const tries = 6;

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

export class Upload {
  private readonly listeners = new Set<() => void>();
  private readonly stopper = new AbortController();
  private readonly progress = new Map<number, number>();
  private readonly calls: Chosen[][];
  state: UploadState;

  constructor(
    private readonly project: number,
    private readonly batch: number,
    files: Chosen[],
  ) {
    this.calls = intoCalls(files);
    this.state = {
      total: files.reduce((sum, { file }) => sum + file.size, 0),
      sent: 0,
      files: files.length,
      filesSent: 0,
      phase: "sending",
      error: null,
    };
  }

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  read = (): UploadState => this.state;

  stop(): void {
    this.stopper.abort();
    this.set({ phase: "stopped" });
  }

  /** Sends everything, then starts the import. Failures end in `state.error`; `run` again resumes. */
  async run(): Promise<void> {
    this.set({ phase: "sending", error: null });
    try {
      await Promise.all(Array.from({ length: parallel }, () => this.sendFromTheList()));
      this.set({ phase: "starting" });
      await imports.start(this.project, this.batch);
      this.set({ phase: "started" });
    } catch (error) {
      if (!this.stopper.signal.aborted) this.set({ phase: "failed", error });
    }
  }

  private async sendFromTheList(): Promise<void> {
    for (let call = this.calls.shift(); call; call = this.calls.shift()) {
      try {
        await this.sendWithRetries(call);
      } catch (error) {
        this.calls.unshift(call);
        throw error;
      }
    }
  }

  private async sendWithRetries(call: Chosen[]): Promise<void> {
    const id = Math.random();
    for (let attempt = 1; ; attempt++) {
      try {
        await this.send(call, id);
        return;
      } catch (error) {
        this.report(id, 0);
        const again = error instanceof ApiError && error.temporary && attempt < tries;
        if (!again || this.stopper.signal.aborted) throw error;
        await pause(Math.min(1000 * 2 ** (attempt - 1), 15_000));
      }
    }
  }

  private async send(call: Chosen[], id: number): Promise<void> {
    const form = new FormData();
    form.append("paths", JSON.stringify(call.map(({ path }) => path)));
    for (const { file } of call) form.append("files", file, file.name);
    const bytes = call.reduce((sum, { file }) => sum + file.size, 0);
    await postForm(
      imports.filesPath(this.project, this.batch),
      form,
      (sent) => this.report(id, Math.min(sent, bytes)),
      this.stopper.signal,
    );
    this.report(id, bytes);
    this.set({ filesSent: this.state.filesSent + call.length });
  }

  private report(id: number, bytes: number): void {
    this.progress.set(id, bytes);
    let sent = 0;
    for (const part of this.progress.values()) sent += part;
    this.set({ sent });
  }

  private set(change: Partial<UploadState>): void {
    this.state = { ...this.state, ...change };
    for (const listener of this.listeners) listener();
  }
}

const uploads = new Map<number, Upload>();

export function startUpload(project: number, batch: number, files: Chosen[]): Upload {
  const upload = new Upload(project, batch, files);
  uploads.set(batch, upload);
  void upload.run();
  return upload;
}

/** The upload into a batch that this page started, if it did. */
export function uploadOf(batch: number): Upload | undefined {
  return uploads.get(batch);
}

/** Leaving the site while files are on their way would lose the rest. */
window.addEventListener("beforeunload", (event) => {
  if ([...uploads.values()].some(({ state }) => state.phase === "sending")) event.preventDefault();
});
