/** Which class may go into which, and whose letter is in the way: what the server would say, before it is asked. Pure. */

import type { LabelClass } from "../../api/types";
import { reservedLetters } from "../../commands/hotkeys";

type Class = Pick<LabelClass, "id" | "name" | "hotkey" | "parent" | "archived">;

/** The classes that a class may be put into: two levels at most, so none that has classes in it goes anywhere. */
export function groupsFor<T extends Class>(classes: T[], id: number): T[] {
  if (classes.some((one) => one.parent === id)) return [];
  return classes.filter((one) => !one.archived && one.parent === null && one.id !== id);
}

/** Whether a class may be dropped onto another (null: out of its group). */
export function mayMove(classes: Class[], id: number, to: number | null): boolean {
  const moved = classes.find((one) => one.id === id);
  if (!moved || moved.archived || moved.parent === to) return false;
  return to === null || groupsFor(classes, id).some((one) => one.id === to);
}

export type Clash = { kind: "letter" } | { kind: "reserved" } | { kind: "taken"; by: string } | null;

/** Why a class cannot have a key; null where it can. Brothers and sisters alone count. */
export function clash(classes: Class[], of: Class, key: string): Clash {
  if (!key) return null;
  if (!/^[a-z]$/.test(key)) return { kind: "letter" };
  if (reservedLetters.includes(key)) return { kind: "reserved" };
  const holder = classes.find(
    (one) => !one.archived && one.id !== of.id && one.parent === of.parent && one.hotkey === key,
  );
  return holder ? { kind: "taken", by: holder.name } : null;
}
