import { describe, expect, it } from "vitest";
import { leaves, levelOf } from "./classTree";

const one = (id: number, name: string, parent: number | null = null, archived = false) => ({
  id,
  name,
  hotkey: name[0] ?? "",
  parent,
  archived,
});
const classes = [
  one(1, "tops"),
  one(2, "shirt", 1),
  one(3, "coat", 1),
  one(4, "hat"),
  one(5, "old", 1, true),
];

describe("classes of two levels", () => {
  it("show groups and single classes first", () => {
    const level = levelOf(classes, null);
    expect(level.choices.map(({ name }) => name)).toEqual(["tops", "hat"]);
    expect([...level.groups]).toEqual([1]);
  });

  it("show what is in a group when it is open", () => {
    const level = levelOf(classes, 1);
    expect(level.choices.map(({ name }) => name)).toEqual(["shirt", "coat"]);
    expect(level.groups.size).toBe(0);
  });

  it("offer all that can be a label to the search", () => {
    expect(leaves(classes).map(({ name }) => name)).toEqual(["shirt", "coat", "hat"]);
  });

  it("put a class whose group is archived at the top", () => {
    const orphans = [one(1, "tops", null, true), one(2, "shirt", 1)];
    expect(levelOf(orphans, null).choices.map(({ name }) => name)).toEqual(["shirt"]);
  });

  it("is one plain list where there are no groups", () => {
    const flat = [one(1, "a"), one(2, "b")];
    expect(levelOf(flat, null).choices).toEqual(flat);
    expect(leaves(flat)).toEqual(flat);
  });
});
