/** A click or a tap marks one picture, a drag or a swipe marks all it passes. */
import { type PointerEvent, useRef } from "react";
import type { VerifyPage } from "../../api/verify";
import { cellAt, type Fit, type Point, swept } from "./arithmetic";
import type { VerifyDesk } from "./desk";

interface Drag {
  from: number;
  last: Point;
  cells: Set<number>;
  /** True: it marks; false: it restores. */
  on: boolean;
}

interface Options {
  desk: VerifyDesk;
  page: VerifyPage;
  grid: Fit;
  gap: number;
  edge: number;
  active: boolean;
}

export function useDrag({ desk, page, grid, gap, edge, active }: Options) {
  const drag = useRef<Drag | null>(null);
  const total = page.pictures.length;
  const pointOf = (event: PointerEvent<HTMLElement>): Point => {
    const element = event.currentTarget;
    const box = element.getBoundingClientRect();
    return { x: event.clientX - box.left - edge, y: event.clientY - box.top - edge + element.scrollTop };
  };
  const imagesOf = (cells: Iterable<number>) =>
    [...cells].flatMap((index) => page.pictures[index]?.image.id ?? []);
  const finish = () => {
    const done = drag.current;
    drag.current = null;
    if (!done) return;
    if (done.cells.size === 1) desk.step({ do: "toggle", images: imagesOf(done.cells) });
    else if (done.on) desk.step({ do: "ask", images: imagesOf(done.cells) });
  };
  return {
    onPointerDown: (event: PointerEvent<HTMLElement>) => {
      if (event.button !== 0 || !active) return;
      const at = pointOf(event);
      const from = cellAt(grid, gap, total, at.x, at.y);
      if (from === null) return;
      event.currentTarget.focus({ preventScroll: true });
      const image = page.pictures[from]?.image.id ?? -1;
      drag.current = { from, last: at, cells: new Set([from]), on: !desk.read().marks.has(image) };
    },
    onPointerMove: (event: PointerEvent<HTMLElement>) => {
      const now = drag.current;
      if (!now) return;
      const at = pointOf(event);
      const before = now.cells.size;
      for (const index of swept(grid, gap, total, now.last, at)) now.cells.add(index);
      now.last = at;
      if (now.cells.size === before) return;
      event.currentTarget.setPointerCapture(event.pointerId);
      desk.step({ do: "paint", images: imagesOf(now.cells), on: now.on });
    },
    onPointerUp: finish,
    onPointerCancel: () => {
      // The browser scrolls instead: what was passed already stays marked, a mere touch is none.
      if (drag.current && drag.current.cells.size > 1) finish();
      drag.current = null;
    },
  };
}
