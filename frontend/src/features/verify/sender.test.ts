import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ApiError } from "../../api/client";
import type { ConfirmReply, UndoReply, VerifyPage } from "../../api/verify";
import type { Done, Mark } from "./pages";
import { type Outcome, PageSender } from "./sender";
import { type Kept, LocalParcels, type Parcel, type ParcelStore, SessionStore } from "./store";

class MemoryStore implements ParcelStore {
  kept = new Map<string, Kept>();
  load = () => [...this.kept.values()].map((kept) => ({ ...kept })).sort((a, b) => a.order - b.order);
  put = (kept: Kept) => void this.kept.set(kept.parcel.client_id, { ...kept });
  remove = (clientId: string) => void this.kept.delete(clientId);
}

const confirm = (client_id: string, page = 1): Parcel => ({
  kind: "confirm",
  client_id,
  page,
  pictures: 60,
  body: { client_id, seconds: 3, exceptions: [] },
});
const undo = (client_id: string, undoes: string, page = 1): Parcel => ({
  kind: "undo",
  client_id,
  page,
  pictures: 60,
  undoes,
});

/** A server that remembers what it was sent, and fails as told. */
class Server {
  tries: string[] = [];
  received: string[] = [];
  failures: unknown[] = [];

  send = async ({ client_id }: Parcel): Promise<ConfirmReply | UndoReply> => {
    this.tries.push(client_id);
    const failure = this.failures.shift();
    if (failure) throw failure;
    this.received.push(client_id);
    return { page: 1 } as ConfirmReply;
  };
}

const down = () => new ApiError(0, "unreachable", "no network");

let server: Server;
let store: MemoryStore;
let outcomes: Outcome[];

function open(): PageSender {
  const sender = new PageSender({ send: server.send, store });
  sender.onOutcome((outcome) => outcomes.push(outcome));
  return sender;
}

beforeEach(() => {
  vi.useFakeTimers();
  server = new Server();
  store = new MemoryStore();
  outcomes = [];
});
afterEach(() => vi.useRealTimers());

describe("confirmed pages", () => {
  it("are sent at once, one after the other, and then are saved", async () => {
    const sender = open();
    sender.add(confirm("a"));
    sender.add(confirm("b", 2));
    expect(sender.read()).toEqual({ state: "saving", pending: 2, pictures: 120 });
    await vi.advanceTimersByTimeAsync(0);
    expect(server.received).toEqual(["a", "b"]);
    expect(sender.read()).toEqual({ state: "saved", pending: 0, pictures: 0 });
    expect(store.kept.size).toBe(0);
    expect(outcomes.map(({ error }) => error)).toEqual([null, null]);
  });

  it("are kept without a network, sent in order when it is back, and none twice", async () => {
    server.failures = [down(), down()];
    const sender = open();
    sender.add(confirm("a"));
    await vi.advanceTimersByTimeAsync(0);
    sender.add(confirm("b", 2));
    expect(sender.read()).toMatchObject({ state: "unreachable", pending: 2 });
    expect(store.kept.size).toBe(2);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(server.received).toEqual(["a", "b"]);
    expect(server.tries).toEqual(["a", "a", "a", "b"]);
  });

  it("are sent after a reload", async () => {
    server.failures = [down()];
    open().add(confirm("a"));
    await vi.advanceTimersByTimeAsync(0);
    const again = new PageSender({ send: server.send, store });
    await vi.advanceTimersByTimeAsync(0);
    expect(server.received).toEqual(["a"]);
    expect(again.read().state).toBe("saved");
  });

  it("wait for a new sign-in", async () => {
    server.failures = [new ApiError(401, "not_authenticated", "sign in")];
    const sender = open();
    sender.add(confirm("a"));
    await vi.advanceTimersByTimeAsync(60_000);
    expect([sender.read().state, server.tries]).toEqual(["signed-out", ["a"]]);
    sender.resume();
    await vi.advanceTimersByTimeAsync(0);
    expect(server.received).toEqual(["a"]);
  });

  it("that the server refuses for good are reported, and do not hold up the next", async () => {
    server.failures = [new ApiError(404, "not_found", "gone")];
    const sender = open();
    sender.add(confirm("a"));
    sender.add(confirm("b", 2));
    await vi.advanceTimersByTimeAsync(0);
    expect(outcomes.map(({ parcel, error }) => [parcel.client_id, error?.code])).toEqual([
      ["a", "not_found"],
      ["b", undefined],
    ]);
  });

  it("that were refused need no undo", async () => {
    server.failures = [new ApiError(404, "not_found", "gone")];
    const sender = open();
    sender.add(confirm("a"));
    sender.add(undo("z", "a"));
    await vi.advanceTimersByTimeAsync(0);
    expect(server.tries).toEqual(["a"]);
    expect(outcomes.map(({ parcel }) => parcel.client_id)).toEqual(["a", "z"]);
  });
});

describe("taking back", () => {
  it("what never left the browser needs no request", async () => {
    server.failures = [down()];
    const sender = open();
    sender.add(confirm("a"));
    await vi.advanceTimersByTimeAsync(0);
    sender.add(confirm("b", 2));
    expect(sender.withdraw("b")).toBe(true);
    expect(sender.pending.map(({ client_id }) => client_id)).toEqual(["a"]);
  });

  it("what may have arrived is asked of the server, after it", async () => {
    server.failures = [down()];
    const sender = open();
    sender.add(confirm("a"));
    await vi.advanceTimersByTimeAsync(0);
    expect(sender.withdraw("a")).toBe(false);
    sender.add(undo("z", "a"));
    expect(sender.read().pictures).toBe(0);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(server.received).toEqual(["a", "z"]);
  });
});

describe("the browser's storage", () => {
  beforeEach(() => {
    localStorage.clear();
    sessionStorage.clear();
  });

  it("keeps parcels by person and project, in order", () => {
    const mine = new LocalParcels(1, 2);
    mine.put({ order: 2, parcel: confirm("b"), tried: false });
    mine.put({ order: 1, parcel: confirm("a"), tried: true });
    new LocalParcels(3, 2).put({ order: 1, parcel: confirm("c"), tried: false });
    expect(mine.load().map(({ parcel, tried }) => [parcel.client_id, tried])).toEqual([
      ["a", true],
      ["b", false],
    ]);
    mine.remove("a");
    expect(mine.load()).toHaveLength(1);
  });

  it("remembers marks, and confirmed pages without their pictures", () => {
    const session = new SessionStore(1, 2);
    expect(session.load()).toEqual({ done: [], marks: [] });
    const page = { id: 5, mode: "class", class: 4, pictures: [{ task: 1 }] } as unknown as VerifyPage;
    const marks: [number, Mark][] = [[10, { verdict: "skip", label: null }]];
    const done: Done = { clientId: "a", page, number: 1, marks, label: 4 };
    session.save({ done: [done], marks });
    expect(new SessionStore(1, 2).load()).toEqual({
      done: [{ ...done, page: { ...page, pictures: [] } }],
      marks,
    });
    expect(new SessionStore(2, 2).load().done).toEqual([]);
  });
});
