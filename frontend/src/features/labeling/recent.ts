/** The classes that a person used last. Pure. */
import type { LabelClass } from "../../api/types";
import type { Done } from "./session";

const looksBack = 60;

/** Ids of the last classes given, the newest first, each once. */
export function recentClasses(done: Done[], most: number): number[] {
  const found = new Set<number>();
  for (const { verdict, labels } of done.slice(-looksBack).reverse()) {
    if (verdict !== "label") continue;
    for (const label of labels) if (found.size < most) found.add(label);
  }
  return [...found];
}

/**
 * Those that fit in so many places: all in their own order where they fit, else the recent ones first.
 * The recent ones stand in their own order too, so that a chip stays where it is while it stays recent.
 */
export function fitting(choices: LabelClass[], recent: ReadonlySet<number>, places: number): LabelClass[] {
  if (choices.length <= places) return choices;
  const rank = (one: LabelClass) => (recent.has(one.id) ? 0 : one.hotkey ? 1 : 2);
  return [...choices].sort((a, b) => rank(a) - rank(b)).slice(0, places);
}
