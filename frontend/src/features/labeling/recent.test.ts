import { describe, expect, it } from "vitest";
import type { LabelClass } from "../../api/types";
import { fitting, recentClasses } from "./recent";
import type { Done } from "./session";

const said = (labels: number[], verdict: Done["verdict"] = "label") => ({ labels, verdict }) as Done;
const one = (id: number, hotkey = "") => ({ id, hotkey }) as LabelClass;
const ids = (list: LabelClass[]) => list.map(({ id }) => id);

describe("recent classes", () => {
  it("are the last ones given, the newest first, each once", () => {
    expect(recentClasses([said([1]), said([2]), said([1]), said([3])], 5)).toEqual([3, 1, 2]);
    expect(recentClasses([said([1]), said([2]), said([3])], 2)).toEqual([3, 2]);
  });

  it("count every class of a set, and nothing of a skip", () => {
    expect(recentClasses([said([4, 5]), said([], "skip")], 5)).toEqual([4, 5]);
  });

  it("come first where not all classes have a place, in an order that stays", () => {
    const many = [one(1), one(2, "b"), one(3), one(4, "d"), one(5)];
    expect(ids(fitting(many, new Set([5, 3]), 3))).toEqual([3, 5, 2]);
    expect(ids(fitting(many, new Set([3, 5]), 3))).toEqual([3, 5, 2]);
  });

  it("change nothing where all classes have a place", () => {
    const few = [one(1), one(2)];
    expect(fitting(few, new Set([2]), 2)).toBe(few);
  });
});
