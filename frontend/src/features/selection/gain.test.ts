import { describe, expect, it } from "vitest";
import type { MeasuredGain } from "../../api/selection";
import { atItsFirst, headline, savedShare, scales } from "./gain";

const point = (n: number, accuracy: number) => ({ n, accuracy, low: accuracy - 0.05, high: accuracy + 0.05 });
const gain: MeasuredGain = {
  control: 40,
  chosen: 300,
  test_size: 120,
  measured_at: "2026-01-01T00:00:00Z",
  space: "v1",
  strategies: [{ name: "auto", labels: 300 }],
  control_curve: [point(8, 0.4), point(16, 0.5), point(32, 0.6), point(40, 0.65)],
  strategy_curve: [point(8, 0.5), point(16, 0.65), point(32, 0.8), point(64, 0.85), point(128, 0.9)],
  savings: [
    { n: 8, needed: 8, low: 8, high: 9 },
    { n: 32, needed: 12, low: 9, high: 20 },
    { n: 40, needed: 16, low: 12.5, high: null },
  ],
};

describe("what selection saves", () => {
  it("is told at the most random labels of which there are several draws", () => {
    expect(headline(gain)?.n).toBe(32);
    expect(headline({ ...gain, savings: gain.savings.slice(0, 1) })?.n).toBe(8);
    expect(headline({ ...gain, savings: [] })).toBeNull();
  });

  it("is a share of the random labels, and unknown where the strategy has not got there", () => {
    expect(savedShare({ n: 40, needed: 16 })).toBeCloseTo(0.6);
    expect(savedShare({ n: 40, needed: 50 })).toBeCloseTo(-0.25);
    expect(savedShare({ n: 40, needed: null })).toBeNull();
  });

  it("may be more where the curve begins", () => {
    expect(atItsFirst(gain, { needed: 8 })).toBe(true);
    expect(atItsFirst(gain, { needed: 8.1 })).toBe(false);
    expect(atItsFirst(gain, { needed: null })).toBe(false);
  });
});

describe("its chart", () => {
  const frame = { width: 500, height: 300, left: 40, right: 10, top: 10, bottom: 30 };
  const made = scales([gain.control_curve, gain.strategy_curve], frame);

  it("gives every doubling of labels the same room", () => {
    const steps = [8, 16, 32, 64, 128].map(made.x);
    const gaps = steps.slice(1).map((x, index) => x - (steps[index] ?? 0));
    expect([steps[0], steps.at(-1)]).toEqual([40, 490]);
    for (const gap of gaps) expect(gap).toBeCloseTo(gaps[0] ?? 0);
    expect(made.counts).toEqual([8, 16, 32, 64, 128]);
  });

  it("holds every interval, between round tenths", () => {
    expect([made.low, made.high]).toEqual([0.3, 1]);
    expect(made.y(0.3)).toBeCloseTo(270);
    expect(made.y(1)).toBeCloseTo(10);
  });

  it("writes fewer numbers where there is little room", () => {
    expect(scales([gain.strategy_curve], { ...frame, width: 170 }).counts).toEqual([8, 64]);
  });

  it("can show a single size", () => {
    const one = scales([[point(8, 1)]], frame);
    expect([one.x(8), one.low < one.high]).toEqual([40, true]);
  });
});
