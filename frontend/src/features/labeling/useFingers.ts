/** Mouse, wheel and fingers on the stage: zoom around where they are, drag, swipe. */
import { type RefObject, useEffect } from "react";
import { acts, type Direction, pinchOf, type Swipe, swipeOf } from "./gestures";
import type { Point } from "./viewer";
import type { Viewer } from "./viewerState";

export interface Fingers {
  /** A swipe under way; null when it ended. */
  onSwipe: (swipe: Swipe | null) => void;
  onAct: (direction: Direction) => void;
}

const doubleTapMs = 300;
const perPixel = 0.0016;
const perPinchedPixel = 0.01;

/** The pointers that are down on one stage, and what they are about. */
class Hand {
  private readonly down = new Map<number, Point>();
  private start: { at: Point; time: number; touch: boolean } | null = null;
  private swipes = false;
  private lastTap = 0;

  constructor(
    private readonly stage: HTMLElement,
    private readonly viewer: Viewer,
    private readonly fingers: Fingers,
  ) {}

  private at(event: MouseEvent): Point {
    const box = this.stage.getBoundingClientRect();
    return { x: event.clientX - box.left - box.width / 2, y: event.clientY - box.top - box.height / 2 };
  }

  press = (event: PointerEvent): void => {
    if (event.button !== 0 || (event.target as Element).closest("button")) return;
    const at = this.at(event);
    this.down.set(event.pointerId, at);
    this.stage.setPointerCapture(event.pointerId);
    this.swipes = this.down.size === 1 && event.pointerType !== "mouse" && !this.viewer.pannable;
    if (this.down.size === 1)
      this.start = { at, time: event.timeStamp, touch: event.pointerType !== "mouse" };
    else this.fingers.onSwipe(null);
  };

  move = (event: PointerEvent): void => {
    const at = this.at(event);
    if (event.pointerType === "mouse") this.viewer.cursor = at;
    const before = this.down.get(event.pointerId);
    if (!before || !this.start) return;
    const both = [...this.down.entries()];
    this.down.set(event.pointerId, at);
    if (both.length === 2) this.pinch(both, event.pointerId, at);
    else if (this.swipes) this.fingers.onSwipe(swipeOf(this.moved(at)));
    else this.viewer.pan(at.x - before.x, at.y - before.y);
  };

  private pinch(both: [number, Point][], moving: number, at: Point): void {
    const before = both.map(([, point]) => point) as [Point, Point];
    const after = both.map(([id, point]) => (id === moving ? at : point)) as [Point, Point];
    const { factor, middle, moved } = pinchOf(before, after);
    this.viewer.pan(moved.x, moved.y);
    this.viewer.zoom(factor, middle);
  }

  private moved(at: Point): Point {
    const from = this.start?.at ?? at;
    return { x: at.x - from.x, y: at.y - from.y };
  }

  lift = (event: PointerEvent): void => {
    const at = this.down.get(event.pointerId);
    this.down.delete(event.pointerId);
    if (!at || !this.start || this.down.size) return;
    const moved = this.moved(at);
    const { time, touch } = this.start;
    const swipe = this.swipes ? swipeOf(moved) : null;
    this.start = null;
    this.fingers.onSwipe(null);
    if (swipe && event.type === "pointerup" && acts(moved, event.timeStamp - time))
      this.fingers.onAct(swipe.direction);
    else if (touch && Math.hypot(moved.x, moved.y) < 8) this.tap(event.timeStamp, at);
  };

  private tap(time: number, at: Point): void {
    const twice = time - this.lastTap < doubleTapMs;
    this.lastTap = twice ? 0 : time;
    if (twice) this.viewer.toggle(at);
  }

  twice = (event: MouseEvent): void => {
    if (!(event.target as Element).closest("button")) this.viewer.toggle(this.at(event));
  };

  wheel = (event: WheelEvent): void => {
    event.preventDefault();
    const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1;
    // A pinch on a touchpad arrives as a wheel with Ctrl, in small numbers.
    const rate = event.ctrlKey ? perPinchedPixel : perPixel;
    this.viewer.zoom(Math.exp(-event.deltaY * lines * rate), this.at(event));
  };

  leave = (): void => {
    this.viewer.cursor = { x: 0, y: 0 };
  };
}

export function useFingers(stage: RefObject<HTMLElement | null>, viewer: Viewer, fingers: Fingers): void {
  useEffect(() => {
    const element = stage.current;
    if (!element) return;
    const hand = new Hand(element, viewer, fingers);
    const heard: [string, (event: never) => void][] = [
      ["pointerdown", hand.press],
      ["pointermove", hand.move],
      ["pointerup", hand.lift],
      ["pointercancel", hand.lift],
      ["pointerleave", hand.leave],
      ["wheel", hand.wheel],
    ];
    const mouse = window.matchMedia("(pointer: fine)").matches;
    if (mouse) heard.push(["dblclick", hand.twice]);
    for (const [kind, hear] of heard)
      element.addEventListener(kind, hear as EventListener, { passive: false });
    return () => {
      for (const [kind, hear] of heard) element.removeEventListener(kind, hear as EventListener);
    };
  }, [stage, viewer, fingers]);
}
