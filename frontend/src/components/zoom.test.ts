import { describe, expect, it } from "vitest";
import { fitted, panned, zoomedAt } from "./zoom";

const box = { wide: 800, tall: 600, width: 1600, height: 600 };
const whole = { scale: 1, x: 0, y: 0 };

describe("looking closer", () => {
  it("keeps the point under the pointer where it is", () => {
    const view = zoomedAt(whole, 4, box, 600, 300);
    // 200 px right of the middle at scale 1 is 800 px right of it at scale 4, so the picture moves 600 left.
    expect(view).toEqual({ scale: 4, x: -600, y: 0 });
    expect(zoomedAt(view, 1, box, 600, 300)).toEqual(whole);
  });

  it("knows how large the whole picture is seen", () => {
    expect(fitted(box)).toBe(0.5);
    expect(fitted({ ...box, height: 1200 })).toBe(0.5);
    expect(fitted({ ...box, height: 2400 })).toBe(0.25);
  });

  it("never shows less than the whole, nor more than eight times of a small picture", () => {
    expect(zoomedAt(whole, 0.2, box, 10, 10)).toEqual(whole);
    expect(zoomedAt(whole, 100, box, 400, 300).scale).toBe(8);
    expect(zoomedAt(whole, 100, { ...box, width: 16_000 }, 400, 300).scale).toBe(80);
  });

  it("moves the picture no farther than its edges", () => {
    const view = zoomedAt(whole, 2, box, 400, 300);
    expect(panned(view, 5_000, -5_000, box)).toEqual({ scale: 2, x: 400, y: 0 });
    expect(panned(view, -30, 0, box)).toEqual({ scale: 2, x: -30, y: 0 });
  });

  it("does not move a picture that is seen whole", () => {
    expect(panned(whole, 50, 50, box)).toEqual(whole);
  });
});
