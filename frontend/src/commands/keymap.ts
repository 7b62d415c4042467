/** A person's own keys: what they set for a command goes before its default. Pure. */
import type { Command } from "./registry";

export interface Keymap {
  /** Keys by command id; an empty list takes the command's keys away. */
  keys: Record<string, string[]>;
  /** False: keys of a single letter, digit or sign do nothing (WCAG 2.1.4). */
  letters: boolean;
}

export const defaultKeymap: Keymap = { keys: {}, letters: true };

/** A keymap from what the server keeps; anything that is not one is left out. */
export function readKeymap(preferences: unknown): Keymap {
  const given = (preferences && typeof preferences === "object" ? preferences : {}) as Record<
    string,
    unknown
  >;
  const keys: Record<string, string[]> = {};
  if (given.keys && typeof given.keys === "object")
    for (const [id, list] of Object.entries(given.keys))
      if (Array.isArray(list) && list.every((key) => typeof key === "string")) keys[id] = list;
  return { keys, letters: given.letters !== false };
}

/** The command with the keys that it has for this person. */
export function withKeys(command: Command, keymap: Keymap): Command {
  const own = keymap.keys[command.id];
  return own ? { ...command, keys: own, defaults: command.keys ?? [] } : command;
}

/** The commands other than `id` that this key would run, by the keys that they have now. */
export function clashes(commands: Command[], id: string, key: string): Command[] {
  return commands.filter((other) => other.id !== id && (other.keys ?? []).includes(key));
}

/** Sets the keys of a command. Its defaults again: it is as if nothing had been set. */
export function setKeys(keymap: Keymap, command: Command, keys: string[]): Keymap {
  const defaults = command.defaults ?? command.keys ?? [];
  const rest = { ...keymap.keys };
  delete rest[command.id];
  const same = keys.length === defaults.length && keys.every((key, index) => key === defaults[index]);
  return { ...keymap, keys: same ? rest : { ...rest, [command.id]: keys } };
}

/** Gives a key to a command and takes it from those that had it. */
export function takeKey(keymap: Keymap, commands: Command[], command: Command, key: string): Keymap {
  let changed = keymap;
  for (const other of clashes(commands, command.id, key))
    changed = setKeys(
      changed,
      other,
      (other.keys ?? []).filter((old) => old !== key),
    );
  return setKeys(changed, command, [key]);
}
