import { describe, expect, it } from "vitest";
import { readQuery, writeQuery } from "./query";

describe("the gallery's address", () => {
  it("says which pictures are shown, and is read back the same", () => {
    const query = { class: 7, of: "suggested", order: "newest" } as const;
    expect(readQuery(writeQuery(query))).toEqual(query);
    expect(String(writeQuery(query))).toBe("class=7&of=suggested&order=newest");
  });

  it("is short for what is shown by default", () => {
    const query = readQuery(new URLSearchParams());
    expect(query).toEqual({ class: undefined, of: "labelled", order: "-confidence" });
    expect(String(writeQuery(query))).toBe("");
  });

  it("takes the default where it is mistyped", () => {
    const typed = new URLSearchParams("class=dress&of=all&order=size");
    expect(readQuery(typed)).toEqual({ class: undefined, of: "labelled", order: "-confidence" });
  });
});
