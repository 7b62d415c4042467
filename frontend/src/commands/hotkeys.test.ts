import { describe, expect, it } from "vitest";
import { allocateHotkeys, colorFor, parseClassNames, reservedLetters } from "./hotkeys";

describe("the letter of a class", () => {
  it("is the first free letter of its name", () => {
    expect(allocateHotkeys(["coat", "cap", "hat"])).toEqual(["c", "a", "h"]);
  });

  it("is never one that the pages keep for themselves", () => {
    const letters = allocateHotkeys(["shirt", "fuzz", "skirt"]);
    expect(letters).toEqual(["h", "", "k"]);
    for (const letter of letters) expect(reservedLetters).not.toContain(letter || "-");
  });

  it("leaves out letters that other classes have", () => {
    expect(allocateHotkeys(["coat"], ["c", "o"])).toEqual(["a"]);
  });

  it("is empty for names without Latin letters, and when all are taken", () => {
    expect(allocateHotkeys(["外套", "42"])).toEqual(["", ""]);
    const many = allocateHotkeys(Array.from({ length: 200 }, () => "abcdefghijklmnopqrstuvwxyz"));
    expect(new Set(many.filter(Boolean)).size).toBe(20);
  });
});

describe("typed or pasted class names", () => {
  it("are one a line, trimmed, without blanks and repeats", () => {
    expect(parseClassNames(" coat \n\nhat\r\nCoat\nrain   coat\n")).toEqual(["coat", "hat", "rain coat"]);
  });

  it("may be on one line with commas", () => {
    expect(parseClassNames("coat, hat;shoes\n")).toEqual(["coat", "hat", "shoes"]);
  });

  it("keep a comma when they are one a line", () => {
    expect(parseClassNames("bolt, long\nbolt, short")).toEqual(["bolt, long", "bolt, short"]);
  });
});

it("colours repeat after twelve classes", () => {
  expect([0, 11, 12, 25].map(colorFor)).toEqual([0, 11, 0, 1]);
});
