/** Turns key presses into commands, and stays out of the way of typing, dialogs and native controls. */
import type { Command, CommandRegistry } from "./registry";

const storageKey = "annotator.singleKeys";

/** Single-letter shortcuts can be switched off (WCAG 2.1.4); keys with Ctrl or Cmd stay. */
export const singleKeys = {
  get enabled(): boolean {
    return localStorage.getItem(storageKey) !== "off";
  },
  set enabled(on: boolean) {
    if (on) localStorage.removeItem(storageKey);
    else localStorage.setItem(storageKey, "off");
  },
};

/** The name under which a key press is looked up: `z`, `enter`, `mod+k`. Null for modified or dead keys. */
export function keyName(event: KeyboardEvent): string | null {
  if (event.altKey || event.isComposing) return null;
  const key = event.key.toLowerCase();
  if (key === "control" || key === "meta" || key === "shift") return null;
  const mod = event.ctrlKey || event.metaKey;
  return mod ? `mod+${key}` : key;
}

function editable(target: Element): boolean {
  if (target.closest("textarea, select, [contenteditable=true], [role=textbox], [role=combobox]"))
    return true;
  const input = target.closest("input");
  return input !== null && !["checkbox", "radio", "button", "range", "file"].includes(input.type);
}

const floating = "[role=dialog], [role=alertdialog], [role=menu], [role=listbox]";

/** True when the focused element has its own use for the key. */
export function targetWantsKey(target: EventTarget | null, key: string): boolean {
  if (!(target instanceof Element)) return false;
  if (editable(target) || target.closest(floating)) return true;
  return (key === "enter" || key === " ") && target.closest("button, a[href], summary, input") !== null;
}

function allowed(command: Command, event: KeyboardEvent, key: string): boolean {
  if (command.everywhere) return true;
  if (targetWantsKey(event.target, key)) return false;
  return key.length > 1 || singleKeys.enabled;
}

/** Runs the command of a key event, once per press. Returns true when one ran. */
export function dispatchKey(registry: CommandRegistry, event: KeyboardEvent): boolean {
  if (event.repeat || event.defaultPrevented) return false;
  const key = keyName(event);
  if (!key) return false;
  const command = registry.find(key);
  if (!command || !allowed(command, event, key)) return false;
  event.preventDefault();
  command.run();
  return true;
}

export function listenToKeys(registry: CommandRegistry): () => void {
  const onKey = (event: KeyboardEvent) => void dispatchKey(registry, event);
  window.addEventListener("keydown", onKey);
  return () => window.removeEventListener("keydown", onKey);
}
