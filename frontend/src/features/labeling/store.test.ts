import { IDBFactory, IDBObjectStore } from "fake-indexeddb";
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { AnnotationItem } from "../../api/types";
import { DatabaseStore, type KeptStore } from "./store";

const label = (client_id: string): AnnotationItem => ({
  client_id,
  task: 1,
  image: 1,
  verdict: "label",
  labels: [7],
});

let disk: IDBFactory;
const open = (user = 1, project = 2) => new DatabaseStore(user, project, () => disk);
const ids = async (store: KeptStore) => (await store.load()).map(({ item }) => item.client_id);

beforeEach(() => {
  disk = new IDBFactory();
  localStorage.clear();
});

describe("the store in the browser", () => {
  it("gives back what was put, in the order of speaking, after a reload", async () => {
    const store = open();
    await store.load();
    store.put({ order: 2, item: label("b") });
    store.put({ order: 1, item: label("a") });
    expect(await ids(open())).toEqual(["a", "b"]);
  });

  it("forgets what the server has", async () => {
    const store = open();
    await store.load();
    for (const [order, id] of ["a", "b", "c"].entries()) store.put({ order, item: label(id) });
    store.remove(["a", "c"]);
    expect(await ids(open())).toEqual(["b"]);
  });

  it("keeps people and projects apart", async () => {
    const store = open();
    await store.load();
    store.put({ order: 1, item: label("a") });
    expect(await ids(open(9, 2))).toEqual([]);
    expect(await ids(open(1, 3))).toEqual([]);
  });

  it("begins the write at once: nothing needs the page to live any longer", async () => {
    const store = open();
    await store.load();
    const begun = vi.spyOn(
      await new Promise<IDBDatabase>((resolve) => {
        const request = disk.open("annotator");
        request.onsuccess = () => resolve(Object.getPrototypeOf(request.result));
      }),
      "transaction",
    );
    store.put({ order: 1, item: label("a") });
    expect(begun).toHaveBeenCalledOnce();
    begun.mockRestore();
  });

  it("keeps what is put before the database is open", async () => {
    const store = open();
    store.put({ order: 1, item: label("a") });
    await store.load();
    expect(await ids(open())).toEqual(["a"]);
  });

  it("takes over what an earlier version kept in local storage, whole entries only", async () => {
    localStorage.setItem("annotator.unsent.1.2.a", JSON.stringify({ order: 1, item: label("a") }));
    localStorage.setItem("annotator.unsent.1.2.x", "{");
    localStorage.setItem("annotator.unsent.1.3.b", JSON.stringify({ order: 1, item: label("b") }));
    expect(await ids(open())).toEqual(["a"]);
    expect(localStorage.getItem("annotator.unsent.1.2.a")).toBeNull();
    expect(await ids(open())).toEqual(["a"]);
    expect(await ids(open(1, 3))).toEqual(["b"]);
  });

  it("says so when storage is forbidden, and works on in memory", async () => {
    const store = new DatabaseStore(1, 2, () => {
      throw new DOMException("denied", "SecurityError");
    });
    expect(await store.load()).toEqual([]);
    store.put({ order: 1, item: label("a") });
    store.remove(["a"]);
    expect(store.durable).toBe(false);
  });

  it("says so when the disk is full, and again when it is not any more", async () => {
    const store = open();
    await store.load();
    const put = vi.spyOn(IDBObjectStore.prototype, "put").mockImplementation(() => {
      throw new DOMException("full", "QuotaExceededError");
    });
    store.put({ order: 1, item: label("a") });
    await vi.waitFor(() => expect(store.durable).toBe(false));
    put.mockRestore();
    store.put({ order: 2, item: label("b") });
    await vi.waitFor(() => expect(store.durable).toBe(true));
  });
});
