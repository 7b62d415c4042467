/** Commands from React: a page registers its own while it is shown. */
import { useEffect, useSyncExternalStore } from "react";
import type { Keymap } from "./keymap";
import { type Command, registry } from "./registry";

/** Registers commands for as long as the calling component is mounted. Memoise the list. */
export function useCommands(commands: Command[]): void {
  useEffect(() => registry.register(commands), [commands]);
}

export function useAllCommands(): Command[] {
  return useSyncExternalStore(registry.subscribe, registry.all);
}

export function useKeymap(): Keymap {
  return useSyncExternalStore(registry.subscribe, () => registry.keymap);
}

const none: string[] = [];

/** The keys of one command now; empty where it is not registered. */
export function useKeysOf(id: string): string[] {
  return useSyncExternalStore(registry.subscribe, () => registry.get(id)?.keys ?? none);
}
