import { expect, it } from "vitest";
import { ticks } from "../../components/scale";
import { coverage, sorted } from "./sort";

const row = (name: string, labelled: number, suggested: number) => ({
  class: labelled,
  name,
  labelled,
  suggested,
  total: labelled + suggested,
  share: 0,
  target: 100,
  gap: 100 - labelled,
});

it("sorts classes by need, and tells which of them the pool can fill", () => {
  const rows = [row("coat", 100, 9), row("hat", 3, 20), row("cap", 30, 90)];
  expect(sorted(rows, "fewest").map(({ name }) => name)).toEqual(["hat", "cap", "coat"]);
  expect(sorted(rows, "name").map(({ name }) => name)).toEqual(["cap", "coat", "hat"]);
  expect(rows.map(coverage)).toEqual([{ kind: "met" }, { kind: "short", missing: 77 }, { kind: "covered" }]);
});

it("marks axes with round numbers that reach past the largest value", () => {
  expect(ticks(0, 1180, 4)).toEqual([0, 500, 1000, 1500]);
  expect(ticks(0.62, 0.91, 4)).toEqual([0.6, 0.7, 0.8, 0.9, 1]);
});
