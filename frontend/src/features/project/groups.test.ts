import { describe, expect, it } from "vitest";
import { clash, groupsFor, mayMove } from "./groups";

const make = (id: number, parent: number | null = null, hotkey = "", archived = false) => ({
  id,
  name: `class ${id}`,
  hotkey,
  parent,
  archived,
});
const outerwear = make(1, null, "o");
const coat = make(2, 1, "c");
const cap = make(3, null, "c");
const gone = make(4, null, "h", true);
const all = [outerwear, coat, cap, gone];

describe("moving classes", () => {
  it("goes into classes at the top, and out again", () => {
    expect(groupsFor(all, cap.id)).toEqual([outerwear]);
    expect(mayMove(all, cap.id, outerwear.id)).toBe(true);
    expect(mayMove(all, coat.id, null)).toBe(true);
  });

  it("makes no third level, no circle and no move to where it is", () => {
    expect(groupsFor(all, outerwear.id)).toEqual([]);
    expect(mayMove(all, cap.id, coat.id)).toBe(false);
    expect(mayMove(all, cap.id, cap.id)).toBe(false);
    expect(mayMove(all, coat.id, outerwear.id)).toBe(false);
    expect(mayMove(all, cap.id, null)).toBe(false);
    expect(mayMove(all, cap.id, gone.id)).toBe(false);
  });
});

describe("a class's own key", () => {
  it("may be a brother's nowhere but in another group", () => {
    expect(clash(all, cap, "o")).toEqual({ kind: "taken", by: "class 1" });
    expect(clash(all, coat, "o")).toBeNull();
    expect(clash(all, cap, "c")).toBeNull();
    expect(clash(all, cap, "h")).toBeNull();
  });

  it("is one letter that no command has, or none", () => {
    expect(clash(all, cap, "s")).toEqual({ kind: "reserved" });
    expect(clash(all, cap, "1")).toEqual({ kind: "letter" });
    expect(clash(all, cap, "")).toBeNull();
  });
});
