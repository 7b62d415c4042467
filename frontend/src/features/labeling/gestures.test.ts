import { describe, expect, it } from "vitest";
import { acts, pinchOf, swipeOf } from "./gestures";

describe("a finger on the picture", () => {
  it("swipes in four directions", () => {
    expect(swipeOf({ x: 60, y: 10 })?.direction).toBe("right");
    expect(swipeOf({ x: -60, y: 10 })?.direction).toBe("left");
    expect(swipeOf({ x: 5, y: -60 })?.direction).toBe("up");
    expect(swipeOf({ x: 5, y: 60 })?.direction).toBe("down");
  });

  it("does nothing while it has hardly moved, or moves aslant", () => {
    expect(swipeOf({ x: 8, y: 3 })).toBeNull();
    expect(swipeOf({ x: 80, y: 70 })).toBeNull();
  });

  it("acts when it lets go far out, or after a flick", () => {
    expect(acts({ x: 96, y: 0 }, 2_000)).toBe(true);
    expect(acts({ x: 50, y: 0 }, 2_000)).toBe(false);
    expect(acts({ x: 50, y: 0 }, 60)).toBe(true);
    expect(acts({ x: 20, y: 0 }, 10)).toBe(false);
  });

  it("tells how near letting go is to acting", () => {
    expect(swipeOf({ x: 54, y: 0 })?.progress).toBe(0.5);
    expect(swipeOf({ x: 500, y: 0 })?.progress).toBe(1);
  });
});

it("two fingers zoom around the place between them, and move it", () => {
  const pinch = pinchOf(
    [
      { x: 0, y: 0 },
      { x: 100, y: 0 },
    ],
    [
      { x: 0, y: 10 },
      { x: 200, y: 10 },
    ],
  );
  expect(pinch).toEqual({ factor: 2, middle: { x: 100, y: 10 }, moved: { x: 50, y: 10 } });
});
