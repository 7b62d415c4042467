import { describe, expect, it } from "vitest";
import {
  canPan,
  filterOf,
  fitScale,
  fitted,
  forNext,
  type Place,
  panned,
  plainLook,
  scaleOf,
  stepped,
  toggled,
  transformOf,
  turned,
  type View,
  zoomBy,
} from "./viewer";

const middle = { x: 0, y: 0 };
/** A wide stage and an upright picture that is larger than it. */
const large: Place = { stage: { width: 1000, height: 500 }, picture: { width: 800, height: 1000 } };
const small: Place = { stage: { width: 1000, height: 500 }, picture: { width: 40, height: 50 } };

/** The point of the picture that lies under a point of the stage. */
const under = (view: View, place: Place, at: { x: number; y: number }) => {
  const scale = scaleOf(view, place);
  return { x: (at.x - view.x) / scale, y: (at.y - view.y) / scale };
};

describe("the picture on the stage", () => {
  it("fits whole, without a transform, whatever its size", () => {
    expect(fitScale(large, 0)).toBe(0.5);
    expect(fitScale(small, 0)).toBe(10);
    expect(transformOf(fitted, large)).toBe("");
    expect(transformOf(fitted, small)).toBe("");
  });

  it("keeps what is under the cursor there while it is zoomed", () => {
    const at = { x: 60, y: -40 };
    const before = zoomBy(fitted, large, 4, middle);
    const after = zoomBy(before, large, 1.7, at);
    expect(under(after, large, at).x).toBeCloseTo(under(before, large, at).x);
    expect(under(after, large, at).y).toBeCloseTo(under(before, large, at).y);
  });

  it("fits again when it is zoomed back out, exactly where it was", () => {
    const there = zoomBy(fitted, large, 3, { x: 200, y: 100 });
    const back = zoomBy(there, large, 1 / 5, { x: -300, y: 20 });
    expect(back).toEqual(fitted);
  });

  it("does not shrink below its fit, nor grow without end", () => {
    expect(zoomBy(fitted, large, 0.5, middle)).toEqual(fitted);
    expect(scaleOf(zoomBy(fitted, large, 1e9, middle), large)).toBe(16);
  });

  it("may shrink to 1:1 when its fit is larger", () => {
    const actual: View = { ...fitted, mode: "actual" };
    expect(scaleOf(zoomBy(actual, small, 0.5, middle), small)).toBe(1);
    expect(scaleOf(zoomBy(actual, small, 2, middle), small)).toBe(2);
  });

  it("is moved until its edge meets the edge of the stage", () => {
    const zoomed = zoomBy(fitted, large, 4, middle); // 1600 × 2000 on 1000 × 500
    expect(panned(zoomed, large, 1e6, -1e6)).toMatchObject({ x: 300, y: -750 });
    expect(panned(fitted, large, 50, 50)).toMatchObject({ x: 0, y: 0 });
    expect(canPan(zoomed, large)).toBe(true);
    expect(canPan(fitted, large)).toBe(false);
  });

  it("comes at least twice as close with one key, at least 1:1, and goes back with it", () => {
    expect(scaleOf(toggled(fitted, large, middle), large)).toBe(1);
    expect(scaleOf(toggled(fitted, small, middle), small)).toBe(16);
    expect(toggled(toggled(fitted, large, { x: 90, y: 9 }), large, middle)).toEqual(fitted);
  });

  it("fits when it is turned, too", () => {
    const lying = turned(fitted, 1);
    expect(scaleOf(lying, large)).toBe(0.625); // 1000 × 800 in 1000 × 500
    expect(transformOf(lying, large)).toBe("rotate(90deg) scale(1.25)");
    expect(turned(lying, -2).turn).toBe(3);
    expect(turned(lying, 3)).toEqual(fitted);
  });

  it("says its place as a transform", () => {
    expect(transformOf({ mode: "free", scale: 1, x: 10.004, y: -5, turn: 2 }, large)).toBe(
      "translate(10px, -5px) rotate(180deg) scale(2)",
    );
  });

  it("begins anew with the next picture; only 1:1 stays", () => {
    expect(forNext(turned(zoomBy(fitted, large, 3, middle), 1))).toEqual(fitted);
    expect(forNext({ ...fitted, mode: "actual", x: 9 })).toEqual({ ...fitted, mode: "actual" });
  });

  it("has a scale even before the stage has a size", () => {
    const nowhere = { stage: { width: 0, height: 0 }, picture: { width: 0, height: 0 } };
    expect(scaleOf(fitted, nowhere)).toBe(1);
    expect(transformOf(fitted, nowhere)).toBe("");
  });
});

describe("the look of the picture", () => {
  it("is plain without a filter", () => {
    expect(filterOf(plainLook)).toBe("");
    expect(filterOf({ brightness: 1.5, contrast: 0.8, invert: true })).toBe(
      "invert(1) brightness(1.5) contrast(0.8)",
    );
  });

  it("changes in steps within its range", () => {
    expect(stepped(1, 1)).toBe(1.1);
    expect(stepped(2.95, 3)).toBe(3);
    expect(stepped(0.3, -5)).toBe(0.2);
  });
});
