/** Classes in two levels: those on top, and the children of a group. */
import type { LabelClass } from "../../api/types";

export const parentOf = (one: LabelClass): number | null => one.parent ?? null;

export const topClasses = (classes: LabelClass[]) => classes.filter((one) => parentOf(one) === null);

export const childrenOf = (classes: LabelClass[], group: number) =>
  classes.filter((one) => parentOf(one) === group);

/** Classes that a picture can have: a group is never a label. */
export function leaves(classes: LabelClass[]): LabelClass[] {
  const groups = new Set(classes.map(parentOf));
  return classes.filter((one) => !groups.has(one.id));
}
