import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ApiError } from "../../api/client";
import { type ConfirmReply, type VerifyLease, type VerifyPage, verify } from "../../api/verify";
import { VerifyDesk, type Wanted } from "./desk";
import { ThumbCache } from "./preload";

const coat: Wanted = { mode: "class", class: 4, order: "confident", size: 12 };
const shirt: Wanted = { ...coat, class: 7 };

function pageOf(id: number, label = 4): VerifyPage {
  const images = [id * 10, id * 10 + 1];
  return {
    id,
    mode: "class",
    class: label,
    order: "confident",
    head: "v1.1",
    size: 2,
    low: 0.9,
    high: 1,
    expected_mistakes: 0,
    lease_expires_at: "2099-01-01T00:00:00Z",
    pictures: images.map((image) => ({
      task: image + 1000,
      image: { id: image } as VerifyPage["pictures"][number]["image"],
      confidence: 0.95,
    })),
  };
}

const replyOf = (page: number): ConfirmReply => ({
  page,
  written: 2,
  conflicts: [],
  gold: { planted: 0, missed: 0, shown: [] },
  next_refresh_in: 5,
  refresh_job: null,
  status: "created",
});

/** A server with pages 1, 2, … of every class, which remembers what it was sent. */
let held: VerifyPage[];
let next: number;
let user = 0;
let heard: string[];

function lease({ class: label }: { class?: number | null }): VerifyLease {
  held = held.filter((page) => page.class === label);
  while (held.length < 3) held.push(pageOf(next++, label ?? 4));
  return { pages: [...held], waiting: 40, reason: null };
}

beforeEach(() => {
  vi.useFakeTimers();
  localStorage.clear();
  sessionStorage.clear();
  held = [];
  next = 1;
  user += 1; // a sender lives as long as the browser's page: each test has a person of its own
  heard = [];
  vi.spyOn(ThumbCache.prototype, "ready").mockReturnValue(true);
  vi.spyOn(verify, "lease").mockImplementation(async (_project, wanted) => lease(wanted));
  vi.spyOn(verify, "release").mockImplementation(async (_project, pages) => {
    held = held.filter((page) => !pages.includes(page.id));
    return undefined as never;
  });
  vi.spyOn(verify, "confirm").mockImplementation(async (_project, page) => {
    held = held.filter((one) => one.id !== page);
    return replyOf(page);
  });
  vi.spyOn(verify, "undo").mockImplementation(async (_project, page) => {
    const back = { ...pageOf(page), id: 100 + page };
    held.push(back);
    return { page: back, undone: 2, conflicts: [] };
  });
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

const rest = () => vi.advanceTimersByTimeAsync(20);

async function open(wanted = coat): Promise<VerifyDesk> {
  const desk = new VerifyDesk(1, user, {
    onConfirmed: ({ number }) => heard.push(`page ${number} saved`),
    onUndone: () => heard.push("taken back"),
    onRefused: (what, number) => heard.push(`${what} of ${number} refused`),
  });
  desk.start();
  desk.want(wanted);
  await rest();
  return desk;
}
const ids = (desk: VerifyDesk) => desk.read().ahead.map((page) => page.id);

describe("the desk", () => {
  it("shows the next page in the moment of the key, and sends the exceptions behind", async () => {
    const desk = await open();
    expect(ids(desk)).toEqual([1, 2, 3]);
    desk.step({ do: "toggle", images: [10] });
    desk.sayClass(7);
    desk.confirm();
    expect(desk.page?.id).toBe(2);
    await rest();
    const [project, page, sent] = vi.mocked(verify.confirm).mock.calls[0] ?? [];
    expect([project, page, sent?.exceptions]).toEqual([
      1,
      1,
      [{ task: 1010, verdict: "label", labels: [7], comment: "" }],
    ]);
    expect(heard).toEqual(["page 1 saved"]);
    expect(ids(desk)).toEqual([2, 3, 4]);
  });

  it("takes back a page that the server has, and waits for it", async () => {
    const desk = await open();
    desk.confirm();
    await rest();
    desk.undo();
    expect([desk.page?.id, desk.confirmable]).toEqual([1, false]);
    await rest();
    expect([desk.page?.id, desk.confirmable]).toEqual([101, true]);
    expect(heard).toEqual(["page 1 saved", "taken back"]);
  });

  it("takes back at once what was never sent", async () => {
    const desk = await open();
    vi.mocked(verify.confirm).mockRejectedValue(new ApiError(0, "unreachable", "no network"));
    desk.confirm();
    await rest();
    desk.confirm();
    desk.undo();
    expect([desk.page?.id, desk.confirmable]).toEqual([2, true]);
    expect(verify.undo).not.toHaveBeenCalled();
  });

  it("puts the pages back when others are wanted, before it asks for those", async () => {
    const desk = await open();
    desk.want(shirt);
    await rest();
    expect(verify.release).toHaveBeenCalledWith(1, [1, 2, 3]);
    expect(desk.page?.class).toBe(7);
  });

  it("hands back what an earlier question brings too late", async () => {
    const desk = await open();
    let answer: (lease: VerifyLease) => void = () => {};
    vi.mocked(verify.lease).mockImplementationOnce(
      () => new Promise<VerifyLease>((resolve) => (answer = resolve)) as never,
    );
    void desk.refill();
    await rest();
    desk.want(shirt);
    answer({ pages: [pageOf(50)], waiting: 0, reason: null });
    await rest();
    expect(verify.release).toHaveBeenLastCalledWith(1, [50]);
    expect(desk.page?.class).toBe(7);
  });

  it("says when the server keeps nothing of a page", async () => {
    const desk = await open();
    vi.mocked(verify.confirm).mockRejectedValueOnce(new ApiError(404, "not_found", "gone"));
    desk.confirm();
    await rest();
    expect(heard).toEqual(["confirm of 1 refused"]);
    expect(desk.read().done).toEqual([]);
  });

  it("restores a picture that gets the page's own class", async () => {
    const desk = await open();
    desk.step({ do: "toggle", images: [10] });
    desk.sayClass(4);
    expect(desk.read().marks.size).toBe(0);
  });

  it("keeps a page that is looked at for long", async () => {
    const desk = await open();
    const calls = vi.mocked(verify.lease).mock.calls.length;
    vi.setSystemTime(new Date("2098-12-31T23:59:00Z"));
    desk.step({ do: "focus", index: 1 });
    await rest();
    expect(vi.mocked(verify.lease).mock.calls.length).toBe(calls + 1);
  });
});
