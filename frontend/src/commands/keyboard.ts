/** Turns key presses into commands, and stays out of the way of typing, dialogs and native controls. */
import type { Command, CommandRegistry } from "./registry";

/** A key held shorter than this was tapped. */
const tapMs = 250;

const modifiers = new Set(["control", "meta", "shift", "alt", "altgraph", "capslock", "dead"]);

/**
 * The names under which a key press is looked up, the closest first: `z`, `enter`, `mod+k`, `shift+enter`;
 * none for modifiers alone. A letter or sign with Shift is also that letter or sign; a named key is not.
 */
export function keyNames(event: KeyboardEvent): string[] {
  if (event.altKey || event.isComposing) return [];
  const key = event.key.toLowerCase();
  if (modifiers.has(key)) return [];
  if (event.ctrlKey || event.metaKey) return [`mod+${key}`];
  if (!event.shiftKey) return [key];
  return key.length > 1 || key === " " ? [`shift+${key}`] : [`shift+${key}`, key];
}

/** The name that a recorded key press is kept by; null for modifiers alone. */
export function recordedKey(event: KeyboardEvent): string | null {
  const names = keyNames(event);
  // "?" needs Shift on most keyboards: the sign itself is the name.
  return (/^shift\+[^a-z]$/.test(names[0] ?? "") ? names[1] : names[0]) ?? null;
}

function editable(target: Element): boolean {
  if (target.closest("textarea, select, [contenteditable=true], [role=textbox], [role=combobox]"))
    return true;
  const input = target.closest("input");
  return input !== null && !["checkbox", "radio", "button", "range", "file"].includes(input.type);
}

const floating = "[role=dialog], [role=alertdialog], [role=menu], [role=listbox]";

function movesInside(target: Element, key: string): boolean {
  return (
    key.startsWith("arrow") &&
    target.closest("input[type=range], input[type=radio], [role=radiogroup]") !== null
  );
}

/** True when the focused element has its own use for the key. */
export function targetWantsKey(target: EventTarget | null, key: string): boolean {
  if (!(target instanceof Element)) return false;
  if (editable(target) || target.closest(floating) || movesInside(target, key)) return true;
  return (key === "enter" || key === " ") && target.closest("button, a[href], summary, input") !== null;
}

/** True for keys of one letter, digit or sign, which can be switched off. */
export function isSingle(key: string): boolean {
  return key.replace(/^shift\+(?=.)/, "").length === 1;
}

function allowed(registry: CommandRegistry, command: Command, event: KeyboardEvent, key: string): boolean {
  if (command.everywhere) return true;
  if (targetWantsKey(event.target, key)) return false;
  return !isSingle(key) || registry.keymap.letters;
}

function commandOf(registry: CommandRegistry, event: KeyboardEvent): Command | undefined {
  for (const key of keyNames(event)) {
    const command = registry.find(key);
    if (command) return allowed(registry, command, event, key) ? command : undefined;
  }
  return undefined;
}

/** Runs the command of a key event, once per press. Returns the command that ran. */
export function dispatchKey(registry: CommandRegistry, event: KeyboardEvent): Command | null {
  if (event.defaultPrevented) return null;
  const command = commandOf(registry, event);
  if (!command || (event.repeat && !command.repeats)) return null;
  event.preventDefault();
  if (command.hold) command.hold.down();
  else command.run();
  return command;
}

/** Listens at the window; a held command ends with its key, with the focus, or with another page. */
export function listenToKeys(registry: CommandRegistry): () => void {
  let held: { key: string; since: number; command: Command } | null = null;
  const onDown = (event: KeyboardEvent) => {
    const command = dispatchKey(registry, event);
    if (command?.hold) {
      held?.command.hold?.up();
      held = { key: event.key.toLowerCase(), since: event.timeStamp, command };
    }
  };
  const end = (tapped: boolean) => {
    const command = held?.command;
    held = null;
    command?.hold?.up();
    if (tapped) command?.run();
  };
  const onUp = (event: KeyboardEvent) => {
    if (held && event.key.toLowerCase() === held.key) end(event.timeStamp - held.since < tapMs);
  };
  const onBlur = () => held && end(false);
  window.addEventListener("keydown", onDown);
  window.addEventListener("keyup", onUp);
  window.addEventListener("blur", onBlur);
  return () => {
    window.removeEventListener("keydown", onDown);
    window.removeEventListener("keyup", onUp);
    window.removeEventListener("blur", onBlur);
  };
}
