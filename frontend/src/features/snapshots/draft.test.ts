import { describe, expect, it } from "vitest";
import { draftOf, emptyForm, type Form, wrongIn } from "./draft";

const form = (change: Partial<Form>): Form => ({ ...emptyForm, ...change });

describe("a new snapshot", () => {
  it("is what was filled in, with shares instead of per cent", () => {
    const filled = form({
      name: " Autumn ",
      minTrust: "human",
      least: "5",
      most: "400",
      shares: { train: "80", validation: "7,5", test: "12.5" },
    });
    expect(wrongIn(filled)).toEqual({});
    expect(draftOf(filled)).toEqual({
      name: "Autumn",
      min_trust: "human",
      include_certified: false,
      min_per_class: 5,
      max_per_class: 400,
      splits: { train: 0.8, validation: 0.075, test: 0.125 },
    });
  });

  it("needs nothing filled in", () => {
    expect(wrongIn(emptyForm)).toEqual({});
    expect(draftOf(emptyForm)).toMatchObject({ min_per_class: null, max_per_class: null });
  });

  it("takes the splits that came with the pictures, whatever the shares say", () => {
    const filled = form({ imported: true, shares: { train: "", validation: "", test: "" } });
    expect(wrongIn(filled)).toEqual({});
    expect(draftOf(filled).splits).toBe("imported");
  });

  it("says which number is wrong", () => {
    expect(wrongIn(form({ least: "0" }))).toEqual({ least: "number" });
    expect(wrongIn(form({ most: "many" }))).toEqual({ most: "number" });
    expect(wrongIn(form({ least: "9", most: "3" }))).toEqual({ most: "order" });
    const shares = (train: string, validation: string, test: string) =>
      wrongIn(form({ shares: { train, validation, test } })).shares;
    expect(shares("70", "20", "20")).toBe("sum");
    expect(shares("0", "50", "50")).toBe("train");
    expect(shares("-5", "55", "50")).toBe("number");
    expect(shares("33.3", "33.3", "33.4")).toBeUndefined();
  });
});
