/** The orders in which the class table can be read. */
import type { BalanceRow } from "../../api/types";

export type Order = "fewest" | "most" | "name" | "project";
export const orders: Order[] = ["fewest", "most", "name", "project"];

const compare: Record<Order, (a: BalanceRow, b: BalanceRow) => number> = {
  fewest: (a, b) => a.labelled - b.labelled || a.total - b.total,
  most: (a, b) => b.labelled - a.labelled || b.total - a.total,
  name: (a, b) => a.name.localeCompare(b.name),
  project: () => 0,
};

export function sorted(rows: BalanceRow[], order: Order): BalanceRow[] {
  return [...rows].sort(compare[order]);
}

/** How far a class is from its target, counting what the model expects to find in the pool. */
export function coverage(row: BalanceRow): { kind: "met" | "covered" } | { kind: "short"; missing: number } {
  if (row.labelled >= row.target) return { kind: "met" };
  const missing = row.target - row.labelled - row.suggested;
  return missing > 0 ? { kind: "short", missing } : { kind: "covered" };
}
