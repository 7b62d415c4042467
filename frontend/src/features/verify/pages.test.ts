import { describe, expect, it } from "vitest";
import type { VerifyPage } from "../../api/verify";
import {
  current,
  exceptionsOf,
  exceptionsToSend,
  labelOf,
  type Mark,
  mistakesLeft,
  noPages,
  numberOf,
  type Pages,
  reduce,
  type Step,
} from "./pages";

const coat = 4;
const shirt = 7;

/** A page whose tasks are a thousand above its images. */
function pageOf(id: number, images: number[], change: Partial<VerifyPage> = {}): VerifyPage {
  return {
    id,
    mode: "class",
    class: coat,
    order: "confident",
    head: "v1.3",
    size: images.length,
    low: 0.8,
    high: 0.99,
    expected_mistakes: 2.2,
    lease_expires_at: "2030-01-01T00:00:00Z",
    pictures: images.map((image) => ({
      task: image + 1000,
      image: { id: image } as VerifyPage["pictures"][number]["image"],
      confidence: 0.9,
    })),
    ...change,
  };
}

const receive = (pages: VerifyPage[], settled: number[] = []): Step => ({
  do: "receive",
  pages,
  waiting: 100,
  reason: null,
  settled: new Set(settled),
});
const walk = (...steps: Step[]): Pages => steps.reduce(reduce, noPages);
const two = receive([pageOf(1, [10, 11, 12, 13]), pageOf(2, [20, 21, 22])]);
const page = (pages: Pages): VerifyPage => current(pages) as VerifyPage;

describe("a page that is verified", () => {
  it("is confirmed with its exceptions, and the next one is on the screen", () => {
    const marked = walk(
      two,
      { do: "toggle", images: [11] },
      { do: "say", mark: { verdict: "label", label: shirt } },
      { do: "focus", index: 3 },
      { do: "say", mark: { verdict: "unsure", label: null } },
    );
    expect(exceptionsToSend(marked, page(marked), new Set())).toEqual([
      { task: 1011, verdict: "label", labels: [shirt], comment: "" },
      { task: 1013, verdict: "unsure", labels: [], comment: "" },
    ]);
    expect(mistakesLeft(marked, page(marked))).toBe(0);

    const next = reduce(marked, { do: "confirm", clientId: "a" });
    expect(page(next).id).toBe(2);
    expect(next.marks.size).toBe(0);
    expect(next.done.map(({ number }) => number)).toEqual([1]);
    expect(numberOf(next, page(next))).toBe(2);
  });

  it("says nothing of an exception without an answer, nor of a picture that was not seen", () => {
    const pages = walk(two, { do: "toggle", images: [11] }, { do: "close" });
    expect(exceptionsToSend(pages, page(pages), new Set([13]))).toEqual([
      { task: 1011, verdict: "skip", labels: [], comment: "" },
      { task: 1013, verdict: "skip", labels: [], comment: "" },
    ]);
  });
});

describe("an exception", () => {
  it("asks for its class, gets it, and the focus moves on", () => {
    const asking = walk(two, { do: "toggle", images: [11] });
    expect([asking.asking, asking.focused]).toEqual([[11], 1]);
    const said = reduce(asking, { do: "say", mark: { verdict: "label", label: shirt } });
    expect([said.asking, said.focused]).toEqual([[], 2]);
    expect(said.marks.get(11)).toEqual({ verdict: "label", label: shirt });
  });

  it("is restored when it is marked again", () => {
    const pages = walk(two, { do: "toggle", images: [11] }, { do: "toggle", images: [11] });
    expect([pages.marks.size, pages.asking]).toEqual([0, []]);
  });

  it("stays one without a class when the popover is left, and moving away leaves it, too", () => {
    expect(walk(two, { do: "toggle", images: [11] }, { do: "close" })).toMatchObject({ asking: [] });
    const moved = walk(two, { do: "toggle", images: [11] }, { do: "focus", index: 0 });
    expect([moved.asking, exceptionsOf(moved, page(moved))]).toEqual([[], [11]]);
  });

  it("can be many at once: one answer is for all over which the pointer was drawn", () => {
    const pages = walk(
      two,
      { do: "paint", images: [10], on: true },
      { do: "paint", images: [11, 12], on: true },
      { do: "ask", images: [10, 11, 12] },
      { do: "say", mark: { verdict: "label", label: shirt } },
    );
    expect(exceptionsToSend(pages, page(pages), new Set()).map(({ labels }) => labels)).toEqual([
      [shirt],
      [shirt],
      [shirt],
    ]);
    expect(pages.focused).toBe(3);
    expect(reduce(pages, { do: "paint", images: [10, 12], on: false }).marks.size).toBe(1);
  });

  it("closes an open group before the popover", () => {
    const open = walk(two, { do: "toggle", images: [11] }, { do: "open-group", group: 3 });
    const back = reduce(open, { do: "close" });
    expect([back.group, back.asking]).toEqual([null, [11]]);
    expect(reduce(back, { do: "close" }).asking).toEqual([]);
  });

  it("stays with its picture when the pages are dealt anew", () => {
    const pages = walk(
      two,
      { do: "toggle", images: [11] },
      { do: "say", mark: { verdict: "label", label: shirt } },
      { do: "put-away" },
      receive([pageOf(3, [9, 10, 11])]),
    );
    expect(exceptionsOf(pages, page(pages))).toEqual([11]);
  });

  it("at the last cell leaves the focus there", () => {
    const pages = walk(two, { do: "focus", index: 3 }, { do: "say", mark: { verdict: "flag", label: null } });
    expect(pages.focused).toBe(3);
  });
});

describe("taking a page back", () => {
  const confirmed: Step[] = [
    two,
    { do: "toggle", images: [11] },
    { do: "say", mark: { verdict: "label", label: shirt } },
    { do: "confirm", clientId: "a" },
  ];

  it("brings it with its exceptions, and keeps those of the page that was on the screen", () => {
    const pages = walk(...confirmed, { do: "toggle", images: [21] }, { do: "take-back", awaits: true });
    expect(page(pages).id).toBe(1);
    expect(exceptionsOf(pages, page(pages))).toEqual([11]);
    expect(pages.marks.get(21)?.verdict).toBe("later");
    expect([pages.awaiting, pages.done]).toEqual([1, []]);
  });

  it("ends when the server has given it back, perhaps as another page", () => {
    const pages = walk(
      ...confirmed,
      { do: "take-back", awaits: true },
      { do: "given-back", page: 1, now: pageOf(9, [10, 11, 12, 13]) },
    );
    expect(pages.ahead.map(({ id }) => id)).toEqual([9, 2]);
    expect(pages.awaiting).toBeNull();
    expect(exceptionsOf(pages, page(pages))).toEqual([11]);
  });

  it("that is refused leaves what was said", () => {
    const pages = walk(...confirmed, { do: "take-back", awaits: true }, { do: "stands", page: 1 });
    expect(pages.ahead.map(({ id }) => id)).toEqual([2]);
    expect(pages.awaiting).toBeNull();
  });

  it("goes through the whole session, newest first", () => {
    const pages = walk(
      ...confirmed,
      { do: "confirm", clientId: "b" },
      { do: "take-back", awaits: false },
      { do: "take-back", awaits: false },
      { do: "take-back", awaits: false },
    );
    expect(pages.ahead.map(({ id }) => id)).toEqual([1, 2]);
    expect(pages.done).toEqual([]);
  });

  it("reaches over a reload", () => {
    const before = walk(...confirmed);
    const mark: Mark = { verdict: "unsure", label: null };
    const again: Step = { do: "remember", done: before.done, marks: [[21, mark]] };
    const pages = walk(again, two, { do: "take-back", awaits: true });
    expect(page(pages).id).toBe(1);
    expect(pages.marks.get(11)?.label).toBe(shirt);
    expect(pages.marks.get(21)).toEqual(mark);
  });
});

describe("pages that come", () => {
  it("are not shown twice, nor when they were confirmed here already", () => {
    const pages = walk(two, receive([pageOf(1, [10]), pageOf(2, [20]), pageOf(3, [30])], [3]));
    expect(pages.ahead.map(({ id }) => id)).toEqual([1, 2]);
  });

  it("tell how long those in hand may now be kept", () => {
    const later = "2031-01-01T00:00:00Z";
    const pages = walk(two, receive([pageOf(2, [20], { lease_expires_at: later })]));
    expect(pages.ahead.map((one) => one.lease_expires_at)).toEqual(["2030-01-01T00:00:00Z", later]);
    expect(pages.ahead[1]?.pictures).toHaveLength(3);
  });

  it("are numbered by class", () => {
    const other = pageOf(5, [50], { class: shirt });
    const pages = walk(two, { do: "confirm", clientId: "a" }, receive([other]));
    expect([numberOf(pages, pageOf(6, [])), numberOf(pages, other)]).toEqual([2, 1]);
  });
});

it("a page of look-alikes gets its class by a key, and keeps it when it is taken back", () => {
  const cluster = pageOf(1, [10, 11], { mode: "cluster", class: null });
  const open = walk(receive([cluster]));
  expect(labelOf(open, cluster)).toBeNull();
  const given = reduce(open, { do: "label-page", label: shirt });
  expect(labelOf(given, cluster)).toBe(shirt);
  const back = [
    { do: "confirm", clientId: "a" } as Step,
    { do: "take-back", awaits: true } as Step,
    { do: "given-back", page: 1, now: { ...cluster, id: 2 } } as Step,
  ].reduce(reduce, given);
  expect(labelOf(back, page(back))).toBe(shirt);
});

it("a confirmation that was refused is not there to be taken back", () => {
  const pages = walk(two, { do: "confirm", clientId: "a" }, { do: "lost", clientId: "a" });
  expect(pages.done).toEqual([]);
});
