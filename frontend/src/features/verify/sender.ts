/** Sends confirmed pages one after the other, retries with back-off, and keeps them until the server has them. */
import { ApiError } from "../../api/client";
import type { ConfirmReply, UndoReply } from "../../api/verify";
import type { Kept, Parcel, ParcelStore } from "./store";

export interface SenderStatus {
  state: "saved" | "saving" | "unreachable" | "signed-out" | "refused";
  pending: number;
  /** Pictures on the pages that wait; those of pages taken back count against. */
  pictures: number;
}

export type Outcome =
  | { parcel: Extract<Parcel, { kind: "confirm" }>; reply: ConfirmReply; error: null }
  | { parcel: Extract<Parcel, { kind: "undo" }>; reply: UndoReply; error: null }
  | { parcel: Parcel; reply: null; error: ApiError };

interface Options {
  send: (parcel: Parcel, keepalive: boolean) => Promise<ConfirmReply | UndoReply>;
  store: ParcelStore;
}

const firstPause = 1_000;
const longestPause = 30_000;

/** True for answers that will be the same however often one asks. */
const final = (error: ApiError) => !error.temporary && error.status !== 401 && error.status !== 403;

export class PageSender {
  private waiting: Kept[];
  private inFlight: Promise<void> | null = null;
  private failures = 0;
  private order: number;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private readonly listeners = new Set<() => void>();
  private readonly hearers = new Set<(outcome: Outcome) => void>();
  private status: SenderStatus;

  constructor(private readonly options: Options) {
    this.waiting = options.store.load();
    this.order = this.waiting.at(-1)?.order ?? 0;
    this.status = this.describe(this.waiting.length ? "saving" : "saved");
    if (this.waiting.length) this.schedule(0);
  }

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  read = (): SenderStatus => this.status;

  onOutcome(hearer: (outcome: Outcome) => void): () => void {
    this.hearers.add(hearer);
    return () => this.hearers.delete(hearer);
  }

  get pending(): Parcel[] {
    return this.waiting.map(({ parcel }) => parcel);
  }

  /** Keeps the parcel at once and sends it as soon as those before it are there. */
  add(parcel: Parcel): void {
    this.order = Math.max(Date.now(), this.order + 1);
    const kept = { order: this.order, parcel, tried: false };
    this.options.store.put(kept);
    this.waiting.push(kept);
    const trouble = this.failures > 0 || this.status.state === "signed-out";
    this.publish(trouble ? this.status.state : "saving");
    if (!trouble && !this.inFlight) this.schedule(0);
  }

  /** Takes back what has never left this browser. False: the server may have it, and must be asked. */
  withdraw(clientId: string): boolean {
    const kept = this.waiting.find(({ parcel }) => parcel.client_id === clientId);
    if (!kept || kept.tried) return false;
    this.forget(clientId);
    this.publish(this.waiting.length ? this.status.state : "saved");
    return true;
  }

  /** Sends what waits, now. `keepalive` lets the request outlive the page. */
  flush(keepalive = false): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.inFlight ??= this.sendAll(keepalive).finally(() => {
      this.inFlight = null;
    });
    return this.inFlight;
  }

  /** Tries again at once: the network or the session is back. */
  resume(): void {
    this.failures = 0;
    if (this.waiting.length) this.publish("saving");
    void this.flush();
  }

  private async sendAll(keepalive: boolean): Promise<void> {
    for (let kept = this.waiting[0]; kept; kept = this.waiting[0]) {
      if (!kept.tried) {
        kept.tried = true;
        this.options.store.put(kept);
      }
      const { parcel } = kept;
      try {
        const reply = await this.options.send(parcel, keepalive);
        this.failures = 0;
        this.settle({ parcel, reply, error: null } as Outcome);
      } catch (error) {
        if (!this.fail(parcel, error)) return;
      }
    }
  }

  private settle(outcome: Outcome): void {
    this.forget(outcome.parcel.client_id);
    this.publish(this.waiting.length ? "saving" : "saved");
    for (const hearer of this.hearers) hearer(outcome);
  }

  /** True: the server refused the parcel for good, and the next one can be sent. */
  private fail(parcel: Parcel, error: unknown): boolean {
    const api = error instanceof ApiError ? error : new ApiError(0, "unreachable", String(error));
    if (final(api)) {
      this.settle({ parcel, reply: null, error: api });
      const undo = this.pending.find((one) => one.kind === "undo" && one.undoes === parcel.client_id);
      if (undo) this.settle({ parcel: undo, reply: null, error: api });
      return true;
    }
    if (api.status === 401) {
      this.publish("signed-out");
      return false;
    }
    this.failures += 1;
    const pause = Math.min(firstPause * 2 ** (this.failures - 1), longestPause);
    this.publish(api.temporary ? "unreachable" : "refused");
    this.schedule(Math.max(pause, (api.retryAfter ?? 0) * 1000) * (0.8 + Math.random() * 0.4));
    return false;
  }

  private forget(clientId: string): void {
    this.options.store.remove(clientId);
    this.waiting = this.waiting.filter(({ parcel }) => parcel.client_id !== clientId);
  }

  private schedule(wait: number): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.flush(), wait);
  }

  private describe(state: SenderStatus["state"]): SenderStatus {
    const pictures = this.pending.reduce(
      (sum, parcel) => sum + (parcel.kind === "confirm" ? parcel.pictures : -parcel.pictures),
      0,
    );
    return { state, pending: this.waiting.length, pictures };
  }

  private publish(state: SenderStatus["state"]): void {
    this.status = this.describe(state);
    for (const listener of this.listeners) listener();
  }
}
