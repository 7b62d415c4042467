/** Which cells of a long grid are on the screen: arithmetic only, so that a million cost what a hundred do. */

export interface GridShape {
  /** Pixels between the grid's left and right edge. */
  width: number;
  /** Cells in all. */
  count: number;
  /** A column is at least this wide; columns share what is left over. */
  least: number;
  gap: number;
  /** Height of a cell of the given width. */
  heightOf: (width: number) => number;
}

export interface GridLayout {
  columns: number;
  /** Width and height of a cell. */
  cell: number;
  tall: number;
  /** Height of everything. */
  height: number;
}

export function layout({ width, count, least, gap, heightOf }: GridShape): GridLayout {
  const columns = Math.max(1, Math.floor((width + gap) / (least + gap)));
  const cell = Math.max(1, (width - gap * (columns - 1)) / columns);
  const tall = heightOf(cell);
  const rows = Math.ceil(count / columns);
  return { columns, cell, tall, height: rows ? rows * (tall + gap) - gap : 0 };
}

/** First and one past the last cell to draw for a view of `tall` pixels from `top`, with a row to spare each way. */
export function visible(
  { columns, tall }: GridLayout,
  gap: number,
  count: number,
  top: number,
  view: number,
): [number, number] {
  const step = tall + gap;
  const first = Math.max(0, Math.floor(top / step) - 1);
  const last = Math.ceil((top + view) / step) + 1;
  return [Math.min(first * columns, count), Math.min(last * columns, count)];
}

/** Left and top of a cell. */
export function place({ columns, cell, tall }: GridLayout, gap: number, index: number): [number, number] {
  return [(index % columns) * (cell + gap), Math.floor(index / columns) * (tall + gap)];
}

/** The scroll position that shows a cell whole, as near to the present one as it can be. */
export function reveal(grid: GridLayout, gap: number, index: number, top: number, view: number): number {
  const [, above] = place(grid, gap, index);
  if (above < top) return above;
  return Math.max(top, above + grid.tall - view);
}

/** Where a key leads from a cell; null for keys that do not move. */
export function moved(key: string, index: number, columns: number, count: number): number | null {
  const steps: Record<string, number> = {
    ArrowLeft: -1,
    ArrowRight: 1,
    ArrowUp: -columns,
    ArrowDown: columns,
    Home: -index,
    End: count - 1 - index,
  };
  const step = steps[key];
  if (step === undefined) return null;
  const target = index + step;
  return target < 0 || target >= count ? index : target;
}
