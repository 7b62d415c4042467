import { expect, it } from "vitest";
import type { BalanceReport, ReportClass, ReportPoint } from "../../api/balanceReport";
import { barMarks, type Column, runsIn, series, shareMarks, sorted } from "./report";

const row = (name: string, fields: Partial<ReportClass> = {}) =>
  ({ name, trusted: 0, certified: 0, target: 500, gap: 0, high: null, bias: null, ...fields }) as ReportClass;

const names = (rows: ReportClass[], by: Column, descending: boolean) =>
  sorted(rows, { by, descending }).map(({ name }) => name);

it("sorts classes by any column, with what is not known at the low end", () => {
  const rows = [
    row("coat", { trusted: 40, predicted: 12, predicted_raw: 9, bias: -0.2 }),
    row("hat", { trusted: 3, predicted: null, predicted_raw: 50, bias: 0.1 }),
    row("cap", { trusted: 70, predicted: null, predicted_raw: null }),
  ];
  expect(names(rows, "trusted", false)).toEqual(["hat", "coat", "cap"]);
  expect(names(rows, "predicted", true)).toEqual(["hat", "coat", "cap"]);
  expect(names(rows, "bias", true)).toEqual(["coat", "hat", "cap"]); // either way off counts
  expect(names(rows, "name", false)).toEqual(["cap", "coat", "hat"]);
  expect(names(rows, "project", true)).toEqual(["cap", "hat", "coat"]);
});

it("makes bars long enough for target and whiskers, and shares long enough for both dots", () => {
  const rows = [
    row("coat", { trusted: 400, high: 900, labelled_share: 0.3, pool_high: 0.1 }),
    row("hat", { trusted: 3, high: 20, labelled_share: 0.05, pool_high: 0.42 }),
  ];
  expect(barMarks(rows)).toEqual([0, 500, 1000, 1500]);
  expect(barMarks([row("hat")]).at(-1)).toBeGreaterThanOrEqual(500);
  expect(shareMarks(rows)).toEqual([0, 0.2, 0.4, 0.6]);
});

it("follows a number over the reports that have it, and lists their runs newest first", () => {
  const point = (number: number | null, entropy: number | null) =>
    ({ run: number === null ? null : { id: 10 * number, number, preset: "quick" }, entropy }) as ReportPoint;
  const trend = [point(1, null), point(2, 0.8), point(null, 0.9)];
  expect(series(trend, "entropy").map(({ value }) => value)).toEqual([0.8, 0.9]);
  expect(runsIn({ trend } as BalanceReport)).toEqual([
    { id: 20, number: 2 },
    { id: 10, number: 1 },
  ]);
});
