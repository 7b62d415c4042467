import { describe, expect, it } from "vitest";
import { figure, reading, square, strength } from "./agreement";

const [lin, mara, jo] = [
  { id: 1, name: "Lin" },
  { id: 2, name: "Mara" },
  { id: 3, name: "Jo" },
];
const pair = (a: typeof lin, b: typeof lin, pictures: number, kappa: number | null) => ({
  a,
  b,
  pictures,
  percent: 0.9,
  kappa,
});

describe("the square of people", () => {
  const { people, at } = square([pair(lin, mara, 10, 0.7), pair(mara, jo, 30, null)]);

  it("begins with who shares the most pictures", () => {
    expect(people.map(({ name }) => name)).toEqual(["Mara", "Jo", "Lin"]);
  });

  it("has the same cell on either side of the diagonal, which is empty", () => {
    expect(at(1, 2)?.kappa).toBe(0.7);
    expect(at(2, 1)).toBe(at(1, 2));
    expect(at(1, 1)).toBeNull();
    expect(at(1, 3)).toBeNull();
  });
});

describe("how a number is read", () => {
  it("follows the customary limits", () => {
    expect([null, 0.2, 0.666, 0.667, 0.799, 0.8, 1].map(reading)).toEqual([
      "undefined",
      "low",
      "low",
      "tentative",
      "tentative",
      "reliable",
      "reliable",
    ]);
  });

  it("has no colour at chance or below", () => {
    expect([null, -0.4, 0, 0.5, 1].map(strength)).toEqual([0, 0, 0, 0.5, 1]);
  });

  it("is written with two decimals", () => {
    expect([null, -0.123, 0.8].map(figure)).toEqual(["–", "−0.12", "0.80"]);
  });
});
