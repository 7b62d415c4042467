import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { dispatchKey, listenToKeys } from "./keyboard";
import { defaultKeymap } from "./keymap";
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
  return dispatchKey(registry, event) !== null;
}

beforeEach(() => {
  registry = new CommandRegistry();
  ran = [];
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
    registry.setKeymap({ ...defaultKeymap, letters: false });
    press("s");
    press("Enter");
    expect(ran).toEqual(["accept"]);
  });

  it("of a named key with Shift are others than without, letters are the same", () => {
    registry.register([
      command("accept", ["enter"]),
      command("none", ["shift+enter"]),
      command("skip", ["s"]),
    ]);
    press("Enter", document.body, { shiftKey: true });
    press("S", document.body, { shiftKey: true });
    expect(press("ArrowUp", document.body, { shiftKey: true })).toBe(false);
    expect(ran).toEqual(["none", "skip"]);
  });

  it("run again while the key is held, if they are made for it", () => {
    registry.register([command("pan", ["arrowleft"], { repeats: true })]);
    press("ArrowLeft");
    press("ArrowLeft", document.body, { repeat: true });
    expect(ran).toEqual(["pan", "pan"]);
  });

  it("that are held last until the key is released; a tap runs them", () => {
    vi.useFakeTimers({ toFake: ["performance"] });
    const hold = { down: () => ran.push("down"), up: () => ran.push("up") };
    registry.register([command("guide", ["g"], { hold })]);
    const stop = listenToKeys(registry);
    const key = (kind: string) =>
      window.dispatchEvent(new KeyboardEvent(kind, { key: "g", cancelable: true }));
    key("keydown");
    vi.advanceTimersByTime(600);
    key("keyup");
    expect(ran).toEqual(["down", "up"]);
    key("keydown");
    vi.advanceTimersByTime(60);
    key("keyup");
    expect(ran.slice(2)).toEqual(["down", "up", "guide"]);
    key("keydown");
    window.dispatchEvent(new Event("blur"));
    key("keyup");
    expect(ran.slice(5)).toEqual(["down", "up"]);
    stop();
    vi.useRealTimers();
  });

  it("follow a person's own keys, and keep their defaults in mind", () => {
    registry.register([command("skip", ["s"]), command("undo", ["z"])]);
    registry.setKeymap({ ...defaultKeymap, keys: { skip: ["x"], undo: [] } });
    expect(press("s")).toBe(false);
    expect(press("z")).toBe(false);
    press("x");
    expect(ran).toEqual(["skip"]);
    expect(registry.all()[0]).toMatchObject({ keys: ["x"], defaults: ["s"] });
  });

  it("are remembered when their room is left, so that their keys can be set from elsewhere", () => {
    registry.register([command("skip", ["s"])])();
    expect(registry.all()).toEqual([]);
    expect(registry.known().map(({ id }) => id)).toEqual(["skip"]);
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
