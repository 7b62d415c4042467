/** Unsent annotations: batched, sent in order, retried with back-off, kept until the server has them. */
import { ApiError } from "../../api/client";
import type { AnnotationItem, AnnotationReply, AnnotationResult } from "../../api/types";
import type { Kept, KeptStore } from "./store";

export interface QueueStatus {
  state: "saved" | "saving" | "unreachable" | "signed-out" | "refused";
  pending: number;
  /** Of the pending items, how many labels they add (undone ones count against). */
  pendingLabels: number;
  error: unknown;
  /** False: storage is forbidden or full, so that what is pending is lost with the page. */
  durable: boolean;
}

export interface Answered {
  item: AnnotationItem;
  result: AnnotationResult;
}

interface Options {
  send: (items: AnnotationItem[], keepalive: boolean) => Promise<AnnotationReply>;
  store: KeptStore;
  delay?: number;
  fullAt?: number;
}

type AnswersListener = (answers: Answered[], reply: AnnotationReply | null) => void;

const maxItems = 200;
const firstPause = 1_000;
const longestPause = 30_000;

export class AnnotationQueue {
  /** What an earlier page left behind is here; nothing is sent before. */
  readonly ready: Promise<void>;
  private waiting: Kept[] = [];
  private opened = false;
  private inFlight = false;
  private failures = 0;
  private order = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private readonly listeners = new Set<() => void>();
  private readonly hearers = new Set<AnswersListener>();
  private status: QueueStatus;
  /** After a batch was refused as a whole, items go one by one until the bad one is found. */
  private oneByOne = 0;

  constructor(private readonly options: Options) {
    this.status = this.describe("saved", null);
    options.store.onDurable = () => this.publish(this.status.state, this.status.error);
    this.ready = options.store.load().then((kept) => this.open(kept));
  }

  private open(kept: Kept[]): void {
    this.opened = true;
    const known = new Set(this.waiting.map(({ item }) => item.client_id));
    this.waiting = [...kept.filter(({ item }) => !known.has(item.client_id)), ...this.waiting];
    this.order = Math.max(this.order, kept.at(-1)?.order ?? 0);
    if (!this.waiting.length) return;
    this.publish("saving", null);
    this.schedule(0);
  }

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  read = (): QueueStatus => this.status;

  /** Hears what became of each item; returns the way to stop. */
  onAnswers(hearer: AnswersListener): () => void {
    this.hearers.add(hearer);
    return () => this.hearers.delete(hearer);
  }

  get pending(): AnnotationItem[] {
    return this.waiting.map(({ item }) => item);
  }

  /** Keeps the item at once and sends it with its neighbours a moment later. */
  add(item: AnnotationItem): void {
    if (this.waiting.some((kept) => kept.item.client_id === item.client_id)) return;
    this.order = Math.max(Date.now(), this.order + 1);
    const kept = { order: this.order, item };
    this.options.store.put(kept);
    this.waiting.push(kept);
    const trouble = this.failures > 0 || this.status.state === "signed-out";
    this.publish(trouble ? this.status.state : "saving", this.status.error);
    if (trouble) return;
    if (this.waiting.length >= (this.options.fullAt ?? 10)) void this.flush();
    else if (!this.timer && !this.inFlight) this.schedule(this.options.delay ?? 400);
  }

  /** Sends what waits, now. `keepalive` lets the request outlive the page. */
  async flush(keepalive = false): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    if (!this.opened || this.inFlight || !this.waiting.length) return;
    const size = this.oneByOne > 0 ? 1 : keepalive ? 50 : maxItems;
    const batch = this.waiting.slice(0, size).map(({ item }) => item);
    this.inFlight = true;
    try {
      const reply = await this.options.send(batch, keepalive);
      this.failures = 0;
      this.oneByOne = Math.max(0, this.oneByOne - batch.length);
      this.settle(batch, reply);
    } catch (error) {
      this.fail(batch, error);
    } finally {
      this.inFlight = false;
    }
    if (this.waiting.length && !this.timer && this.status.state === "saving") this.schedule(0);
  }

  /** Tries again at once: the network or the session is back. */
  resume(): void {
    this.failures = 0;
    if (this.waiting.length) this.publish("saving", null);
    void this.flush();
  }

  private settle(batch: AnnotationItem[], reply: AnnotationReply): void {
    const results = new Map(reply.results.map((result) => [result.client_id, result]));
    const answers: Answered[] = [];
    for (const item of batch) {
      const result = results.get(item.client_id);
      if (result) answers.push({ item, result });
    }
    this.forget(answers.map(({ item }) => item.client_id));
    this.publish(this.waiting.length ? "saving" : "saved", null);
    this.tell(answers, reply);
  }

  private fail(batch: AnnotationItem[], error: unknown): void {
    const api = error instanceof ApiError ? error : null;
    if (api?.status === 401) {
      this.publish("signed-out", error);
      return;
    }
    if (api?.status === 400 || api?.status === 422) {
      this.refuse(batch, api);
      return;
    }
    this.failures += 1;
    const pause = Math.min(firstPause * 2 ** (this.failures - 1), longestPause);
    const wait = Math.max(pause, (api?.retryAfter ?? 0) * 1000);
    this.publish(!api || api.temporary ? "unreachable" : "refused", error);
    this.schedule(wait * (0.8 + Math.random() * 0.4));
  }

  /** A malformed item makes the server refuse its whole batch: find it, report it, go on with the rest. */
  private refuse(batch: AnnotationItem[], error: ApiError): void {
    const [only, ...others] = batch;
    if (only && !others.length) {
      this.oneByOne = Math.max(0, this.oneByOne - 1);
      const result: AnnotationResult = {
        client_id: only.client_id,
        status: "invalid",
        annotation: null,
        label: null,
        labels: [],
        trust: 0,
        label_version: 0,
        message: error.message,
        task: null,
      };
      this.forget([only.client_id]);
      this.publish(this.waiting.length ? "saving" : "saved", null);
      this.tell([{ item: only, result }], null);
    } else this.oneByOne = batch.length;
    this.schedule(0);
  }

  private forget(clientIds: string[]): void {
    const gone = new Set(clientIds);
    this.options.store.remove(clientIds);
    this.waiting = this.waiting.filter(({ item }) => !gone.has(item.client_id));
  }

  private tell(answers: Answered[], reply: AnnotationReply | null): void {
    for (const hearer of this.hearers) hearer(answers, reply);
  }

  private schedule(wait: number): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.flush(), wait);
  }

  private describe(state: QueueStatus["state"], error: unknown): QueueStatus {
    let labels = 0;
    const byId = new Map(this.waiting.map(({ item }) => [item.client_id, item]));
    for (const item of byId.values()) {
      if (item.undoes) labels -= (byId.get(item.undoes)?.verdict ?? "label") === "label" ? 1 : 0;
      else if (item.verdict === "label") labels += 1;
    }
    const { durable } = this.options.store;
    return { state, pending: this.waiting.length, pendingLabels: labels, error, durable };
  }

  private publish(state: QueueStatus["state"], error: unknown): void {
    this.status = this.describe(state, error);
    for (const listener of this.listeners) listener();
  }
}
