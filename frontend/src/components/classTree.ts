/** Which classes a letter can choose from: those of one level, a group opening its own. Pure. */

export interface Choosable {
  id: number;
  name: string;
  hotkey: string;
  archived?: boolean;
  parent?: number | null;
}

/** Classes that can be a label: in use, and no group of others. */
export function leaves<T extends Choosable>(classes: T[]): T[] {
  const live = classes.filter((one) => !one.archived);
  const groups = new Set(live.map((one) => one.parent ?? null));
  return live.filter((one) => !groups.has(one.id));
}

/** Classes with those of each group below it; `depth` is 1 for a class in a group. */
export function inTree<T extends Choosable>(classes: T[]): { of: T; depth: 0 | 1 }[] {
  const ids = new Set(classes.map((one) => one.id));
  const inside = (one: T) => one.parent != null && ids.has(one.parent);
  return classes
    .filter((one) => !inside(one))
    .flatMap((top) => [
      { of: top, depth: 0 as const },
      ...classes.filter((one) => one.parent === top.id).map((of) => ({ of, depth: 1 as const })),
    ]);
}

export interface Level<T> {
  /** What can be chosen or opened here. */
  choices: T[];
  /** Ids of the choices that open others instead of being a label. */
  groups: ReadonlySet<number>;
}

/** The classes on one level: the top, or those of an open group. */
export function levelOf<T extends Choosable>(classes: T[], open: number | null): Level<T> {
  const live = classes.filter((one) => !one.archived);
  const ids = new Set(live.map((one) => one.id));
  const parentOf = (one: T) => (one.parent && ids.has(one.parent) ? one.parent : null);
  const choices = live.filter((one) => parentOf(one) === open);
  const parents = new Set(live.map(parentOf));
  return { choices, groups: new Set(choices.filter((one) => parents.has(one.id)).map((one) => one.id)) };
}
