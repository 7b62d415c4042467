import { describe, expect, it } from "vitest";
import { clashes, defaultKeymap, readKeymap, setKeys, takeKey, withKeys } from "./keymap";
import type { Command } from "./registry";

const command = (id: string, keys: string[]): Command => ({
  id,
  label: id,
  group: "Test",
  keys,
  run: () => {},
});
const skip = command("skip", ["s"]);
const undo = command("undo", ["z", "backspace"]);

describe("a person's own keys", () => {
  it("take the place of the defaults", () => {
    const map = setKeys(defaultKeymap, skip, ["x"]);
    expect(withKeys(skip, map)).toMatchObject({ keys: ["x"], defaults: ["s"] });
    expect(withKeys(undo, map)).toBe(undo);
  });

  it("are forgotten when they are the defaults again", () => {
    const own = setKeys(defaultKeymap, skip, ["x"]);
    expect(setKeys(own, withKeys(skip, own), ["s"]).keys).toEqual({});
  });

  it("clash with the commands that have the key already", () => {
    expect(clashes([skip, undo], "skip", "z")).toEqual([undo]);
    expect(clashes([skip, undo], "undo", "z")).toEqual([]);
  });

  it("are taken from another command when that is wanted; its other keys stay", () => {
    const map = takeKey(defaultKeymap, [skip, undo], skip, "z");
    expect(map.keys).toEqual({ skip: ["z"], undo: ["backspace"] });
  });
});

describe("what the server keeps", () => {
  it("is read back as it was", () => {
    const map = { keys: { skip: ["x"] }, letters: false };
    expect(readKeymap(JSON.parse(JSON.stringify(map)))).toEqual(map);
  });

  it("is left out where it is no keymap", () => {
    expect(readKeymap(null)).toEqual(defaultKeymap);
    expect(readKeymap({ keys: { a: "x", b: [1], c: ["y"] }, letters: "no" })).toEqual({
      keys: { c: ["y"] },
      letters: true,
    });
  });
});
