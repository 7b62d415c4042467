/** Where the cells of a Verify page lie: arithmetic only, for any room and any number of pictures. */

export interface Room {
  /** Pixels inside the grid's edges. */
  width: number;
  height: number;
  /** Cells that a full page has. */
  count: number;
  gap: number;
  /** A cell is at least this wide; where the room is too small for that, the grid scrolls. */
  least: number;
}

export interface Fit {
  columns: number;
  rows: number;
  /** Width and height of a cell. */
  wide: number;
  tall: number;
  /** What is left over at the left and at the right. */
  left: number;
  scrolls: boolean;
}

/** Cells are 3:4, and give way a little so that they fill the room. */
const ratio = 3 / 4;
const slimmest = 0.68;
const broadest = 0.88;

const share = (whole: number, parts: number, gap: number) => (whole - gap * (parts - 1)) / parts;

/** The largest cells that show all pictures of a page at once; too small ones scroll instead. */
export function fitPage({ width, height, count, gap, least }: Room): Fit {
  const cells = Math.max(1, count);
  let best = { columns: 1, rows: cells, inner: 0 };
  for (let columns = 1; columns <= cells; columns++) {
    const rows = Math.ceil(cells / columns);
    const inner = Math.min(share(width, columns, gap), share(height, rows, gap) * ratio);
    if (inner > best.inner) best = { columns, rows, inner };
  }
  if (best.inner < least) return scrolling({ width, height, count: cells, gap, least });
  const { columns, rows } = best;
  const [across, down] = [share(width, columns, gap), share(height, rows, gap)];
  const wide = Math.min(across, down * broadest);
  const tall = Math.min(down, wide / slimmest);
  return { columns, rows, wide, tall, left: ((across - wide) * columns) / 2, scrolls: false };
}

function scrolling({ width, count, gap, least }: Room): Fit {
  const columns = Math.min(count, Math.max(1, Math.floor((width + gap) / (least + gap))));
  const wide = Math.max(1, share(width, columns, gap));
  return { columns, rows: Math.ceil(count / columns), wide, tall: wide / ratio, left: 0, scrolls: true };
}

/** Left and top of a cell, from the grid's upper left corner. */
export function place({ columns, wide, tall, left }: Fit, gap: number, index: number): [number, number] {
  return [left + (index % columns) * (wide + gap), Math.floor(index / columns) * (tall + gap)];
}

/** The cell at a point, or null beside the cells and between them. */
export function cellAt(grid: Fit, gap: number, count: number, x: number, y: number): number | null {
  const [column, row] = [Math.floor((x - grid.left) / (grid.wide + gap)), Math.floor(y / (grid.tall + gap))];
  if (column < 0 || column >= grid.columns || row < 0) return null;
  const index = row * grid.columns + column;
  if (index >= count) return null;
  const [left, top] = place(grid, gap, index);
  return x < left + grid.wide && y < top + grid.tall ? index : null;
}

export interface Point {
  x: number;
  y: number;
}

/** The cells that a pointer passed on its way, in order: a fast one is seen at few points. */
export function swept(grid: Fit, gap: number, count: number, from: Point, to: Point): number[] {
  const step = Math.min(grid.wide, grid.tall) / 3;
  const steps = Math.max(1, Math.ceil(Math.hypot(to.x - from.x, to.y - from.y) / step));
  const passed = new Set<number>();
  for (let at = 0; at <= steps; at++) {
    const part = at / steps;
    const x = from.x + (to.x - from.x) * part;
    const y = from.y + (to.y - from.y) * part;
    const index = cellAt(grid, gap, count, x, y);
    if (index !== null) passed.add(index);
  }
  return [...passed];
}

export interface Box {
  left: number;
  top: number;
  width: number;
  height: number;
}

/** Left and top of a floating thing beside a cell: at its right, else at its left, and never outside the room. */
export function beside(
  cell: Box,
  thing: { width: number; height: number },
  room: { width: number; height: number },
): [number, number] {
  const away = 12;
  const right = cell.left + cell.width + away;
  const left = cell.left - away - thing.width;
  const fits = right + thing.width <= room.width;
  const x = fits ? right : left >= 0 ? left : Math.max(0, room.width - thing.width);
  const y = cell.top + cell.height - thing.height;
  return [x, Math.max(0, Math.min(y, room.height - thing.height))];
}

/** The scroll position that shows a cell whole, as near to the present one as it can be. */
export function reveal(grid: Fit, gap: number, index: number, top: number, view: number): number {
  const [, above] = place(grid, gap, index);
  if (above < top) return above;
  return Math.max(top, above + grid.tall - view);
}
