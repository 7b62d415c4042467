import { describe, expect, it } from "vitest";
import type { DuplicateGroup, DuplicatePair } from "../../api/datasets";
import { apart, labelsDiffer, reasonsOf } from "./reason";

const member = (id: number, width = 400, label: number | null = null) =>
  ({ id, width, height: width, label }) as DuplicateGroup["members"][number];

const pair = (change: Partial<DuplicatePair>): DuplicatePair => ({
  first: 1,
  second: 2,
  score: 0.98,
  changes: [],
  likeness: 0.99,
  detail: 0.95,
  gain: 1,
  offset: 0,
  area: 1,
  ...change,
});

describe("why two pictures are copies", () => {
  it("is told with the number that helps to see it", () => {
    const found = reasonsOf(pair({ changes: ["resized", "cropped", "mirrored"], area: 0.87 }), [
      member(1, 400),
      member(2, 200),
    ]);
    expect(found).toEqual([
      { code: "resized", value: 0.5 },
      { code: "cropped", value: 0.87 },
      { code: "mirrored" },
    ]);
  });

  it("says whether the second is lighter or darker, or has another contrast", () => {
    const told = (change: Partial<DuplicatePair>) =>
      reasonsOf(pair({ changes: ["brightness"], ...change }), [])[0];
    expect(told({ offset: 24.4 })).toEqual({ code: "lighter", value: 24 });
    expect(told({ offset: -9.6 })).toEqual({ code: "darker", value: 10 });
    expect(told({ offset: 0.3, gain: 1.2 })).toEqual({ code: "contrast", value: 1.2 });
  });
});

describe("a group of copies", () => {
  const group = (...members: ReturnType<typeof member>[]): DuplicateGroup => ({
    group: 0,
    members,
    pairs: [],
  });

  it("is suspicious when its labels differ", () => {
    expect(labelsDiffer(group(member(1, 9, 5), member(2, 9, 5), member(3)))).toBe(false);
    expect(labelsDiffer(group(member(1, 9, 5), member(2, 9, 6)))).toBe(true);
  });

  it("falls apart as a whole when none or all of its pictures are chosen", () => {
    const three = group(member(1), member(2), member(3));
    expect(apart(three, new Set())).toEqual([]);
    expect(apart(three, new Set([1, 2, 3]))).toEqual([]);
    expect(apart(three, new Set([3]))).toEqual([3]);
  });
});
