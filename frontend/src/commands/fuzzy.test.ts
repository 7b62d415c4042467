import { describe, expect, it } from "vitest";
import { foundBy, fuzzyFilter, fuzzyScore } from "./fuzzy";

const names = ["t-shirt", "longsleeve", "shirt", "shorts", "skirt", "shoes", "hat", "überhose"];
const find = (query: string) => fuzzyFilter(query, names, (name) => name);

describe("fuzzy search", () => {
  it("puts the exact name first, then names that contain it", () => {
    expect(find("shirt").slice(0, 2)).toEqual(["shirt", "t-shirt"]);
  });

  it("finds letters in order, not only runs", () => {
    expect(find("lsv")).toEqual(["longsleeve"]);
    expect(find("sks")).toEqual([]);
  });

  it("prefers word starts", () => {
    expect(fuzzyFilter("gs", ["begins", "green snake"], (name) => name)[0]).toBe("green snake");
  });

  it("ignores case, accents and spaces in the query", () => {
    expect(find("UBER")).toEqual(["überhose"]);
    expect(find("long sleeve")).toEqual(["longsleeve"]);
  });

  it("keeps everything in order for an empty query", () => {
    expect(find("")).toEqual(names);
    expect(fuzzyScore("", "anything")).toBe(0);
  });

  it("searches Chinese names", () => {
    expect(fuzzyFilter("外", ["衬衫", "外套"], (name) => name)).toEqual(["外套"]);
  });

  it("finds one of a thousand classes by a few letters", () => {
    const many = Array.from({ length: 1000 }, (_, index) => `class ${index}`);
    expect(fuzzyFilter("c987", many, (name) => name)[0]).toBe("class 987");
  });

  it("finds by other names, the first name before them", () => {
    const texts = [["sweater", "jumper", "pullover"], ["jumpsuit"], ["jump"]];
    expect(fuzzyFilter("jump", texts, (names) => names).map(([first]) => first)).toEqual([
      "jump",
      "jumpsuit",
      "sweater",
    ]);
    expect(foundBy("pull", ["sweater", "jumper", "pullover"])).toBe("pullover");
    expect(foundBy("swe", ["sweater", "jumper"])).toBeNull();
    expect(foundBy("", ["sweater", "jumper"])).toBeNull();
  });
});
