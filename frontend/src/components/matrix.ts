/** The arithmetic behind the confusion matrix: order of the classes, shades of the cells, the worst mix-ups. */
import type { Order } from "./Table";

export interface ClassRow {
  id: number;
  /** Where the class is among the confusion's rows and columns. */
  index: number;
  name: string;
  color: number;
  hotkey: string;
  support: number;
  precision: number | null;
  recall: number | null;
  f1: number | null;
  /** Recall minus the other model's, as a share. */
  against: number | null;
  verdict: "passed" | "failed" | "unclear" | "unjudged" | null;
}

export type Column = "project" | "name" | "support" | "precision" | "recall" | "f1" | "against";

/** Rows in the order asked for; a class without the number comes last either way. */
export function sortRows(rows: ClassRow[], { by, descending }: Order<Column>): ClassRow[] {
  const sign = descending ? -1 : 1;
  return [...rows].sort((a, b) => {
    if (by === "project") return sign * (a.index - b.index);
    if (by === "name") return sign * a.name.localeCompare(b.name);
    const [one, other] = [a[by], b[by]];
    if (one === null || other === null) return Number(one === null) - Number(other === null);
    return sign * (one - other) || a.index - b.index;
  });
}

/** How strong a cell's colour is, from 0 to 1, by its share of the row; few mistakes are seen, too. */
export function shade(value: number, total: number, right: boolean): number {
  if (!value || !total) return 0;
  const share = value / total;
  return right ? 0.15 + 0.85 * share : Math.min(1, 0.2 + Math.sqrt(share));
}

export interface Confused {
  label: number;
  predicted: number;
  count: number;
}

/** The cells beside the diagonal with the most pictures, by index. */
export function mostConfused(confusion: number[][], most: number): Confused[] {
  return confusion
    .flatMap((row, label) =>
      row.map((count, predicted) => ({ label, predicted, count: label === predicted ? 0 : count })),
    )
    .filter((cell) => cell.count > 0)
    .sort((a, b) => b.count - a.count)
    .slice(0, most);
}

export type Cell = [row: number, column: number];

/** The cell to go to from one with a key, inside a square of `size`; null for a key that does not move. */
export function moved([row, column]: Cell, key: string, size: number): Cell | null {
  const within = (value: number) => Math.min(Math.max(value, 0), size - 1);
  const steps: Record<string, Cell> = {
    ArrowUp: [row - 1, column],
    ArrowDown: [row + 1, column],
    ArrowLeft: [row, column - 1],
    ArrowRight: [row, column + 1],
    Home: [row, 0],
    End: [row, size - 1],
    PageUp: [row - 10, column],
    PageDown: [row + 10, column],
  };
  const step = steps[key];
  return step ? [within(step[0]), within(step[1])] : null;
}

const z = 1.959963984540054;

/** Wilson's 95 % interval of a share that was seen `count` times. */
export function wilson(share: number, count: number): [low: number, high: number] {
  if (!count) return [0, 1];
  const spread = z * Math.sqrt((share * (1 - share)) / count + z ** 2 / (4 * count ** 2));
  const middle = share + z ** 2 / (2 * count);
  const scale = 1 + z ** 2 / count;
  return [Math.max(0, (middle - spread) / scale), Math.min(1, (middle + spread) / scale)];
}
