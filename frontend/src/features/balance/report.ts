/** How a report is read: orders, scales, and what has changed since the one before. */
import type { BalanceReport, ReportClass, ReportPoint } from "../../api/balanceReport";
import { ticks } from "../../components/scale";
import type { Order } from "../../components/Table";

export type Column = "project" | "name" | "trusted" | "certified" | "predicted" | "gap" | "looks" | "bias";

/** Columns that are most useful with the largest value on top. */
export const largestFirst: Column[] = ["certified", "predicted", "gap", "looks", "bias"];

function standing(row: ReportClass, by: Exclude<Column, "project" | "name">): number {
  if (by === "bias") return Math.abs(row.bias ?? 0);
  if (by === "predicted") return row.predicted ?? row.predicted_raw ?? -1;
  return row[by] ?? -1;
}

/** The classes in an order; equal ones stay in the project's. */
export function sorted(rows: ReportClass[], { by, descending }: Order<Column>): ReportClass[] {
  const sign = descending ? -1 : 1;
  if (by === "project") return descending ? [...rows].reverse() : rows;
  return [...rows].sort((a, b) =>
    by === "name" ? sign * a.name.localeCompare(b.name) : sign * (standing(a, by) - standing(b, by)),
  );
}

/** Where the whisker of a class ends: with all that its pool may hold. */
export const reachOf = (row: ReportClass): number => row.trusted + (row.high ?? row.predicted_raw ?? 0);

/** Round marks from 0 to beyond the longest bar. */
export function barMarks(rows: ReportClass[]): number[] {
  return ticks(0, Math.max(1, ...rows.map((row) => Math.max(row.target, reachOf(row)))), 5);
}

/** Round marks from 0 to beyond the largest share. */
export function shareMarks(rows: ReportClass[]): number[] {
  return ticks(0, Math.max(0.01, ...rows.flatMap((row) => [row.labelled_share ?? 0, row.pool_high ?? 0])), 4);
}

export type Spread = "trusted" | "imbalance_ratio" | "effective_number" | "entropy";

/** One number over the reports, oldest first, without those that do not have it. */
export function series(points: ReportPoint[], of: Spread): { point: ReportPoint; value: number }[] {
  return points.flatMap((point) => {
    const value = point[of];
    return value === null ? [] : [{ point, value }];
  });
}

/** The runs whose reports can be chosen: those that this report knows, newest first. */
export function runsIn(report: BalanceReport): { id: number; number: number }[] {
  return report.trend.flatMap(({ run }) => (run ? [{ id: run.id, number: run.number }] : [])).reverse();
}
