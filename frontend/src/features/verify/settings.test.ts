import { describe, expect, it } from "vitest";
import type { VerifyOverview } from "../../api/verify";
import { asSize, fullestClass, neighbourClass, readAddress, readSize } from "./settings";

const overview = (...waiting: number[]): VerifyOverview => ({
  classes: waiting.map((pictures, index) => ({
    class: index + 1,
    waiting: pictures,
    low: 0.5,
    high: 0.9,
    expected_error: 0.1,
  })),
  clusters: 0,
  adaptive: true,
  size: 60,
  order: "confident",
  miss: { planted: 0, missed: 0, rate: 0.5, low: 0, high: 1 },
  today: { labels: 0, looks: 0, pages: 0 },
});

describe("the class", () => {
  it("with which one begins is the one that most pictures wait in", () => {
    expect(fullestClass(overview(3, 9, 5))).toBe(2);
    expect(fullestClass(overview(0, 0))).toBeNull();
    expect(fullestClass(overview())).toBeNull();
  });

  it("that is next has pictures left, round the end of the list", () => {
    const some = overview(4, 0, 7);
    expect([neighbourClass(some, 1, 1), neighbourClass(some, 3, 1)]).toEqual([3, 1]);
    expect([neighbourClass(some, 3, -1), neighbourClass(some, 1, -1)]).toEqual([1, 3]);
    expect(neighbourClass(some, null, 1)).toBe(1);
    expect(neighbourClass(overview(0, 0), 1, 1)).toBeNull();
    expect(neighbourClass(overview(), null, 1)).toBeNull();
  });
});

describe("the size", () => {
  it("is one of the slider's", () => {
    expect([0, 13, 59, 61, 500].map(asSize)).toEqual([12, 12, 60, 60, 120]);
  });

  it("is the measured one unless this browser keeps another", () => {
    expect([null, "", "no", "48", "9999"].map(readSize)).toEqual([null, null, null, 48, 120]);
  });
});

it("an address that says nonsense is read as the usual", () => {
  const read = (text: string) => readAddress(new URLSearchParams(text));
  expect(read("")).toEqual({ mode: "class", class: null, order: null, size: null });
  expect(read("mode=x&class=y&order=z&size=no")).toEqual({
    mode: "class",
    class: null,
    order: null,
    size: null,
  });
  expect(read("mode=cluster&class=7&order=unsure&size=50")).toEqual({
    mode: "cluster",
    class: 7,
    order: "unsure",
    size: 48,
  });
});
