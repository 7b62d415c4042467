import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { dispatchKey, singleKeys } from "./keyboard";
import { type Command, CommandRegistry } from "./registry";

let registry: CommandRegistry;
let ran: string[];

const command = (id: string, keys: string[], change: Partial<Command> = {}): Command => ({
  id,
  label: id,
  group: "Test",
  keys,
  run: () => ran.push(id),
  ...change,
});

function press(key: string, target: EventTarget = document.body, init: KeyboardEventInit = {}): boolean {
  const event = new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...init });
  Object.defineProperty(event, "target", { value: target });
  return dispatchKey(registry, event);
}

beforeEach(() => {
  registry = new CommandRegistry();
  ran = [];
  localStorage.clear();
});
afterEach(() => {
  document.body.replaceChildren();
});

describe("commands", () => {
  it("run by their key while they are registered", () => {
    const unregister = registry.register([command("skip", ["s"])]);
    expect(press("s")).toBe(true);
    expect(press("S")).toBe(true);
    unregister();
    expect(press("s")).toBe(false);
    expect(ran).toEqual(["skip", "skip"]);
  });

  it("of a later layer win, and give way when it goes", () => {
    registry.register([command("everywhere", ["?"])]);
    const leave = registry.register([command("here", ["?"])]);
    press("?");
    leave();
    press("?");
    expect(ran).toEqual(["here", "everywhere"]);
  });

  it("do nothing when their condition does not hold", () => {
    registry.register([command("accept", ["enter"], { when: () => false })]);
    expect(press("Enter")).toBe(false);
  });

  it("run once a press: repeats of a held key are ignored", () => {
    registry.register([command("accept", ["enter"])]);
    press("Enter", document.body, { repeat: true });
    expect(ran).toEqual([]);
  });

  it("stay away from text being typed, but keys with Ctrl that work everywhere do not", () => {
    const input = document.body.appendChild(document.createElement("input"));
    registry.register([command("skip", ["s"]), command("palette", ["mod+k"], { everywhere: true })]);
    press("s", input);
    press("k", input, { ctrlKey: true });
    expect(ran).toEqual(["palette"]);
  });

  it("leave Enter to a focused button, and every key to a dialog", () => {
    const button = document.body.appendChild(document.createElement("button"));
    const dialog = document.body.appendChild(document.createElement("div"));
    dialog.setAttribute("role", "dialog");
    registry.register([command("accept", ["enter"]), command("skip", ["s"])]);
    press("Enter", button);
    press("s", dialog);
    press("s", button);
    expect(ran).toEqual(["skip"]);
  });

  it("with a single letter can be switched off", () => {
    registry.register([command("skip", ["s"]), command("accept", ["enter"])]);
    singleKeys.enabled = false;
    press("s");
    press("Enter");
    expect(ran).toEqual(["accept"]);
  });

  it("tell listeners about changes, and list one command an id", () => {
    const listener = vi.fn();
    registry.subscribe(listener);
    registry.register([command("a", ["1"]), command("b", ["2"])]);
    registry.register([command("a", ["3"])]);
    expect(listener).toHaveBeenCalledTimes(2);
    expect(registry.all().map(({ id, keys }) => [id, keys?.[0]])).toEqual([
      ["a", "3"],
      ["b", "2"],
    ]);
  });
});
