import { describe, expect, it } from "vitest";
import { aligned, latest } from "./curves";
import { type ClassRow, mostConfused, moved, shade, sortRows, wilson } from "./matrix";
import { turned } from "./Table";

const row = (index: number, name: string, f1: number | null, support = 10): ClassRow => ({
  id: 100 + index,
  index,
  name,
  color: index,
  hotkey: "",
  support,
  precision: null,
  recall: null,
  f1,
  against: null,
  verdict: null,
});

describe("the rows of the confusion matrix", () => {
  const rows = [row(0, "shoes", 0.9), row(1, "coat", null), row(2, "hat", 0.4), row(3, "belt", 0.9)];
  const names = (list: ClassRow[]) => list.map((one) => one.name);

  it("come in the project's order, by name or by a number", () => {
    expect(names(sortRows(rows, { by: "project", descending: false }))).toEqual(names(rows));
    expect(names(sortRows(rows, { by: "name", descending: true }))).toEqual(["shoes", "hat", "coat", "belt"]);
    expect(names(sortRows(rows, { by: "f1", descending: false }))).toEqual(["hat", "shoes", "belt", "coat"]);
  });

  it("without the number come last either way, and equal ones keep the project's order", () => {
    expect(names(sortRows(rows, { by: "f1", descending: true }))).toEqual(["shoes", "belt", "hat", "coat"]);
  });

  it("turn round on a second click, and begin at a column's useful end on the first", () => {
    expect(turned({ by: "f1", descending: true }, "f1", true)).toEqual({ by: "f1", descending: false });
    expect(turned({ by: "f1", descending: false }, "name", false)).toEqual({ by: "name", descending: false });
  });
});

describe("the cells", () => {
  it("are stronger the larger their share, and a single mistake among many is still seen", () => {
    expect(shade(0, 50, true)).toBe(0);
    expect(shade(40, 50, true)).toBeGreaterThan(shade(20, 50, true));
    expect(shade(50, 50, true)).toBe(1);
    expect(shade(1, 1000, false)).toBeGreaterThan(0.2);
    expect(shade(50, 50, false)).toBe(1);
  });

  it("beside the diagonal are listed by their number of pictures", () => {
    const confusion = [
      [50, 2, 0],
      [9, 30, 1],
      [0, 0, 7],
    ];
    expect(mostConfused(confusion, 2)).toEqual([
      { label: 1, predicted: 0, count: 9 },
      { label: 0, predicted: 1, count: 2 },
    ]);
    expect(mostConfused([[5]], 6)).toEqual([]);
  });

  it("are walked with the arrow keys and never left", () => {
    expect(moved([3, 4], "ArrowUp", 10)).toEqual([2, 4]);
    expect(moved([0, 9], "ArrowRight", 10)).toEqual([0, 9]);
    expect(moved([0, 0], "ArrowUp", 10)).toEqual([0, 0]);
    expect(moved([3, 4], "End", 120)).toEqual([3, 119]);
    expect(moved([3, 4], "PageDown", 8)).toEqual([7, 4]);
    expect(moved([3, 4], "x", 10)).toBeNull();
  });
});

it("gives Wilson's interval, as the server does", () => {
  const [low, high] = wilson(0.9, 100);
  expect(low).toBeCloseTo(0.8256, 4);
  expect(high).toBeCloseTo(0.9448, 4);
  expect(wilson(0, 0)).toEqual([0, 1]);
});

describe("curves of different steps", () => {
  const train = { name: "train", look: "plain", points: [1, 2, 3].map((x) => ({ x, y: x / 10 })) } as const;
  const validation = { name: "validation", look: "data", points: [{ x: 2, y: 0.5 }] } as const;

  it("share one axis, with gaps where one has no point", () => {
    expect(
      aligned([
        { ...train, points: [...train.points] },
        { ...validation, points: [...validation.points] },
      ]),
    ).toEqual([
      [1, 2, 3],
      [0.1, 0.2, 0.3],
      [null, 0.5, null],
    ]);
  });

  it("tell their last known value", () => {
    expect(
      latest({
        ...train,
        points: [
          { x: 1, y: 0.7 },
          { x: 2, y: null },
        ],
      }),
    ).toBe(0.7);
    expect(latest({ ...train, points: [] })).toBeNull();
  });
});
