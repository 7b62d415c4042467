import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ApiError } from "../../api/client";
import type { AnnotationItem, AnnotationReply } from "../../api/types";
import { AnnotationQueue, type Answered } from "./queue";
import type { Kept, KeptStore } from "./store";

class MemoryStore implements KeptStore {
  kept = new Map<string, Kept>();
  durable = true;
  onDurable = () => {};
  load = async () => [...this.kept.values()].sort((a, b) => a.order - b.order);
  put = (kept: Kept) => void this.kept.set(kept.item.client_id, kept);
  remove = (clientIds: string[]) => {
    for (const id of clientIds) this.kept.delete(id);
  };
}

const label = (client_id: string, task = 1): AnnotationItem => ({
  client_id,
  task,
  image: task,
  verdict: "label",
  labels: [7],
});

/** A server that remembers what it was sent, and fails as told. */
class Server {
  received: string[] = [];
  batches: string[][] = [];
  failures: unknown[] = [];
  refuses = new Set<string>();

  send = async (items: AnnotationItem[]): Promise<AnnotationReply> => {
    const ids = items.map((item) => item.client_id);
    this.batches.push(ids);
    const failure = this.failures.shift();
    if (failure) throw failure;
    if (ids.some((id) => this.refuses.has(id))) throw new ApiError(400, "invalid", "labels: wrong");
    const results = ids.map((client_id) => ({
      client_id,
      status: this.received.includes(client_id) ? ("duplicate" as const) : ("created" as const),
      annotation: 1,
      label: 7,
      labels: [7],
      trust: 4,
      label_version: 1,
      message: "",
      task: null,
    }));
    for (const id of ids) if (!this.received.includes(id)) this.received.push(id);
    return { results, next_refresh_in: 9, refresh_job: null };
  };
}

let server: Server;
let store: MemoryStore;
let answers: Answered[];

function open(): AnnotationQueue {
  const queue = new AnnotationQueue({ send: server.send, store });
  queue.onAnswers((list) => answers.push(...list));
  return queue;
}

beforeEach(() => {
  vi.useFakeTimers();
  server = new Server();
  store = new MemoryStore();
  answers = [];
});
afterEach(() => vi.useRealTimers());

describe("the queue of unsent annotations", () => {
  it("sends what was said within a moment as one batch, in order, and then is saved", async () => {
    const queue = open();
    queue.add(label("a"));
    queue.add(label("b", 2));
    expect(queue.read()).toMatchObject({ state: "saving", pending: 2, pendingLabels: 2 });

    await vi.advanceTimersByTimeAsync(400);

    expect(server.batches).toEqual([["a", "b"]]);
    expect(queue.read()).toMatchObject({ state: "saved", pending: 0 });
    expect(store.kept.size).toBe(0);
    expect(answers.map(({ result }) => result.status)).toEqual(["created", "created"]);
  });

  it("does not wait when ten are there", async () => {
    const queue = open();
    for (let index = 0; index < 10; index++) queue.add(label(`k${index}`, index));
    await vi.advanceTimersByTimeAsync(0);
    expect(server.received).toHaveLength(10);
  });

  it("keeps an item before it is sent, so that a reload sends it", async () => {
    open().add(label("a"));
    expect((await store.load()).map(({ item }) => item.client_id)).toEqual(["a"]);

    open();
    await vi.advanceTimersByTimeAsync(0);
    expect(server.received).toEqual(["a"]);
  });

  it("sends what an earlier page left before anything that is said now", async () => {
    store.put({ order: 1, item: label("old") });
    const queue = open();
    queue.add(label("new", 2));
    await queue.flush();
    expect(server.batches).toEqual([]);
    await queue.ready;
    await vi.advanceTimersByTimeAsync(0);
    expect(server.batches).toEqual([["old", "new"]]);
  });

  it("says when the browser keeps nothing", async () => {
    const queue = open();
    await queue.ready;
    store.durable = false;
    store.onDurable();
    expect(queue.read().durable).toBe(false);
  });

  it("tries again with growing pauses while the server is out of reach, and loses nothing", async () => {
    server.failures = [new ApiError(0, "unreachable", ""), new ApiError(503, "busy", "")];
    const queue = open();
    queue.add(label("a"));
    await vi.advanceTimersByTimeAsync(400);
    expect(queue.read().state).toBe("unreachable");
    queue.add(label("b", 2));
    expect(queue.read()).toMatchObject({ state: "unreachable", pending: 2 });

    await vi.advanceTimersByTimeAsync(1_300);
    expect(server.batches).toHaveLength(2);
    await vi.advanceTimersByTimeAsync(2_500);

    expect(server.received).toEqual(["a", "b"]);
    expect(queue.read().state).toBe("saved");
  });

  it("writes nothing twice when an answer got lost on its way back", async () => {
    const lost = server.send;
    let first = true;
    const queue = new AnnotationQueue({
      store,
      send: async (items) => {
        const reply = await lost(items);
        if (first) {
          first = false;
          throw new ApiError(0, "unreachable", "");
        }
        return reply;
      },
    });
    queue.onAnswers((list) => answers.push(...list));
    queue.add(label("a"));
    await vi.advanceTimersByTimeAsync(3_000);
    expect(server.received).toEqual(["a"]);
    expect(answers.map(({ result }) => result.status)).toEqual(["duplicate"]);
  });

  it("ignores the same item added again", () => {
    const queue = open();
    queue.add(label("a"));
    queue.add(label("a"));
    expect(queue.read().pending).toBe(1);
  });

  it("sends an undo after what it takes back, and counts neither as a label to come", async () => {
    const queue = open();
    queue.add(label("a"));
    queue.add({ client_id: "undo", task: 1, image: 1, undoes: "a" });
    expect(queue.read().pendingLabels).toBe(0);
    await vi.advanceTimersByTimeAsync(400);
    expect(server.batches).toEqual([["a", "undo"]]);
  });

  it("waits for a new sign-in when the session has ended, and goes on from there", async () => {
    server.failures = [new ApiError(401, "not_authenticated", "")];
    const queue = open();
    queue.add(label("a"));
    await vi.advanceTimersByTimeAsync(60_000);
    expect(queue.read()).toMatchObject({ state: "signed-out", pending: 1 });
    expect(server.batches).toHaveLength(1);

    queue.resume();
    await vi.advanceTimersByTimeAsync(0);
    expect(server.received).toEqual(["a"]);
  });

  it("finds the one item that the server refuses, reports it, and sends the others", async () => {
    server.refuses.add("b");
    const queue = open();
    for (const id of ["a", "b", "c"]) queue.add(label(id));
    await vi.advanceTimersByTimeAsync(2_000);
    expect(server.received).toEqual(["a", "c"]);
    expect(queue.read()).toMatchObject({ state: "saved", pending: 0 });
    const refused = answers.filter(({ result }) => result.status === "invalid");
    expect(refused.map(({ item }) => item.client_id)).toEqual(["b"]);
  });

  it("has at most one request on the way, so that order is kept", async () => {
    const release: (() => void)[] = [];
    const queue = new AnnotationQueue({
      store,
      send: async (items) => {
        await new Promise<void>((resolve) => release.push(resolve));
        return server.send(items);
      },
    });
    queue.add(label("a"));
    await vi.advanceTimersByTimeAsync(400);
    queue.add(label("b", 2));
    await queue.flush();
    expect(release).toHaveLength(1);
    release[0]?.();
    await vi.advanceTimersByTimeAsync(0);
    release[1]?.();
    await vi.advanceTimersByTimeAsync(0);
    expect(server.batches).toEqual([["a"], ["b"]]);
  });
});
