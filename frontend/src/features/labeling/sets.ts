/** The set of labels that the picture on the screen will get, where it may have several. Pure. */
import type { Task } from "../../api/types";
import type { Done } from "./session";

export type ClassSet = readonly number[];

const nothing: ClassSet = [];

/** What the set begins with: what was said before of a picture that came back, or what the model suggests. */
export function startingSet(task: Task | undefined, done: readonly Done[]): ClassSet {
  if (!task) return nothing;
  const said =
    task.id === null ? done.findLast((one) => one.task.image.id === task.image.id)?.labels : undefined;
  return said ?? task.suggestion?.suggested ?? nothing;
}

/** The set with a class in it that was not, or without one that was; the first that came in stays first. */
export function toggled(set: ClassSet, id: number): ClassSet {
  return set.includes(id) ? set.filter((one) => one !== id) : [...set, id];
}

interface OnScreen {
  ahead: readonly Task[];
  chosen: ClassSet | null;
  open: number | null;
}

/** Another picture begins with a set of its own (`chosen`, else what it starts with) and at the top of the classes. */
export function carriedOver<View extends OnScreen>(old: View, view: View, chosen: ClassSet | null): View {
  return old.ahead[0]?.image.id === view.ahead[0]?.image.id ? view : { ...view, chosen, open: null };
}

/** The names of a set, for a sentence. */
export function saidNames(
  set: ClassSet,
  classOf: (id: number | null) => { name: string } | undefined,
): string {
  return set.flatMap((id) => classOf(id)?.name ?? []).join(", ");
}
