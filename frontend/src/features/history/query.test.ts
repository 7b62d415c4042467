import { describe, expect, it } from "vitest";
import { narrowing, readChosen, toQuery, writeChosen } from "./query";

const read = (text: string, others = true) => readChosen(new URLSearchParams(text), others);

describe("the history's address", () => {
  it("opens the same answers again", () => {
    const chosen = {
      who: 12,
      class: 3,
      verdict: "label",
      origin: "verify",
      state: "undone",
      days: "7",
      q: "IMG 3",
    } as const;
    expect(readChosen(writeChosen(chosen), true)).toEqual(chosen);
  });

  it("is empty for one's own answers, all of them", () => {
    expect(writeChosen(read("")).toString()).toBe("");
    expect(read("").who).toBe("mine");
  });

  it("shows others to those alone who may see them", () => {
    expect(read("who=all").who).toBe("all");
    expect(read("who=4", false).who).toBe("mine");
  });

  it("leaves out what it does not know", () => {
    const chosen = read("class=x&verdict=undo&origin=elsewhere&state=&days=3&who=-1");
    expect(chosen).toEqual({ who: "mine" });
    expect(narrowing(chosen)).toBe(0);
  });
});

describe("what the server is asked", () => {
  it("begins with the day, so that the question stays the same until midnight", () => {
    const morning = toQuery(read("days=7"), new Date(2026, 4, 10, 8, 0));
    const evening = toQuery(read("days=7"), new Date(2026, 4, 10, 23, 59));
    expect(morning).toEqual(evening);
    expect(morning.since).toBe(new Date(2026, 4, 3).toISOString());
  });

  it("has no beginning when none was chosen", () => {
    expect(toQuery(read("q=a"), new Date()).since).toBeUndefined();
    expect(narrowing(read("q=a&class=1&who=all"))).toBe(2);
  });
});
