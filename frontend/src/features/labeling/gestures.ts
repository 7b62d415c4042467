/** What fingers on the picture mean: a swipe answers, two fingers zoom. Pure. */
import type { Point } from "./viewer";

export type Direction = "right" | "left" | "up" | "down";

export interface Swipe {
  direction: Direction;
  /** 0 at the start, 1 from where letting go acts. */
  progress: number;
}

/** A finger that has moved less than this has not begun to swipe. */
const slack = 12;
/** Letting go acts beyond this distance, or earlier after a flick. */
const far = 96;
const flick = { speed: 0.6, distance: 36 };

/** The swipe that a finger makes which has moved by so much; null while it has hardly moved or moves aslant. */
export function swipeOf(moved: Point): Swipe | null {
  const across = Math.abs(moved.x);
  const along = Math.abs(moved.y);
  const most = Math.max(across, along);
  if (most < slack || Math.min(across, along) > most * 0.75) return null;
  const direction = across > along ? (moved.x > 0 ? "right" : "left") : moved.y > 0 ? "down" : "up";
  return { direction, progress: Math.min(1, (most - slack) / (far - slack)) };
}

/** Whether letting go acts: far enough, or a flick (milliseconds since the finger came down). */
export function acts(moved: Point, elapsed: number): boolean {
  const swipe = swipeOf(moved);
  if (!swipe) return false;
  const distance = Math.max(Math.abs(moved.x), Math.abs(moved.y));
  return (
    swipe.progress >= 1 || (distance >= flick.distance && distance / Math.max(elapsed, 1) >= flick.speed)
  );
}

export interface Pinch {
  factor: number;
  middle: Point;
  moved: Point;
}

/** What two fingers did between two moments: how much they spread, around where, and how far they went. */
export function pinchOf(before: [Point, Point], after: [Point, Point]): Pinch {
  const spread = ([a, b]: [Point, Point]) => Math.hypot(a.x - b.x, a.y - b.y);
  const middle = ([a, b]: [Point, Point]): Point => ({ x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 });
  const [from, to] = [middle(before), middle(after)];
  return {
    factor: spread(after) / Math.max(spread(before), 1),
    middle: to,
    moved: { x: to.x - from.x, y: to.y - from.y },
  };
}
