/** Sums over the classes of a snapshot. */
import type { SnapshotClass, SplitName } from "../../api/datasets";

export function totals(classes: SnapshotClass[]): Record<SplitName, number> {
  const sum = { train: 0, validation: 0, test: 0 };
  for (const one of classes) {
    sum.train += one.train;
    sum.validation += one.validation;
    sum.test += one.test;
  }
  return sum;
}

export const sizeOf = (one: SnapshotClass): number => one.train + one.validation + one.test;

/** Classes with the largest first; of equal ones the order stays. */
export const largestFirst = (classes: SnapshotClass[]): SnapshotClass[] =>
  [...classes].sort((a, b) => sizeOf(b) - sizeOf(a));
