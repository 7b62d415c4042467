import type { TFunction } from "i18next";
import { describe, expect, it } from "vitest";
import en from "../../messages/en.json";
import zh from "../../messages/zh-CN.json";
import { grouped, groups, recommended, strategyWords } from "./strategies";

const t = ((key: string) => key) as unknown as TFunction;
const offer = (...names: string[]) =>
  names.map((name) => ({ name, title: name.toUpperCase(), when: "When." }));

describe("the strategies of a project", () => {
  it("come in groups, the recommended one first, each in the order of the page", () => {
    const found = grouped(offer("random", "entropy", "margin", "auto"), "auto");
    expect(found.map(([group, own]) => [group, own.map(({ name }) => name)])).toEqual([
      ["recommended", ["auto"]],
      ["doubt", ["margin", "entropy"]],
      ["baseline", ["random"]],
    ]);
  });

  it("include what is chosen, even where no worker offers it", () => {
    expect(grouped(offer("auto"), "astrology").at(-1)).toEqual([
      "other",
      [{ name: "astrology", title: "", when: "" }],
    ]);
    expect(grouped(offer("auto"), "badge").map(([group]) => group)).toEqual(["recommended", "both"]);
  });

  it("begin with the recommended one, or with what there is", () => {
    expect(recommended(offer("random", "auto"))).toBe("auto");
    expect(recommended(offer("random", "badge"))).toBe("badge");
    expect(recommended([])).toBe("");
  });

  it("have the page's own words, and the server's where the page does not know them", () => {
    const [mine] = offer("badge");
    const [theirs] = offer("astrology");
    expect(mine && strategyWords(t, mine)).toEqual({
      title: "strategies.title.badge",
      when: "strategies.when.badge",
    });
    expect(theirs && strategyWords(t, theirs)).toEqual({ title: "ASTROLOGY", when: "When." });
    expect(strategyWords(t, { name: "astrology", title: "", when: "" }).title).toBe("astrology");
  });

  it("have a title and a sentence in both languages, and one group each", () => {
    const names = Object.values(groups).flat().sort();
    for (const words of [en, zh]) {
      expect(Object.keys(words.strategies.title).sort()).toEqual(names);
      expect(Object.keys(words.strategies.when).sort()).toEqual(names);
      expect(Object.keys(words.strategies.group)).toEqual(Object.keys(groups));
    }
  });
});
