/** What became of an answer, and what a key does to it. Pure. */
import type { HistoryPage, HistoryRow } from "../../api/history";

/** Undone; kept without setting the label; one vote of several; or a label that is another one now. */
export type Fate = "undone" | "conflict" | "vote" | "changed" | "stands";

export function sameLabels(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((id) => b.includes(id));
}

type Judged = Pick<HistoryRow, "undone" | "conflict" | "vote" | "verdict" | "labels"> & {
  now: Pick<HistoryRow["now"], "labels">;
};

export function fateOf(row: Judged): Fate {
  if (row.undone) return "undone";
  if (row.verdict !== "label") return "stands";
  if (sameLabels(row.labels, row.now.labels)) return "stands";
  if (row.conflict) return "conflict";
  return row.vote ? "vote" : "changed";
}

/** Whether the person said what the model had suggested; null when nothing was suggested or labelled. */
export function agreed(row: Pick<HistoryRow, "suggestion" | "labels" | "verdict">): boolean | null {
  if (!row.suggestion || row.verdict !== "label") return null;
  return row.labels.includes(row.suggestion.class);
}

/** The labels that naming a class leads to: that class alone, or with several a picture, it comes or goes. */
export function named(labels: readonly number[], id: number, several: boolean): number[] {
  if (!several) return [id];
  return labels.includes(id) ? labels.filter((one) => one !== id) : [...labels, id];
}

export interface Given {
  image: number;
  clientId: string;
}

/** What "take back" means on a row: the newest standing answer of that person to the row's picture. */
export function toTakeBack(rows: HistoryRow[], row: HistoryRow, user: number, given: Given[]): string | null {
  const here = given.findLast(({ image }) => image === row.image.id);
  if (here) return here.clientId;
  const own = rows.filter((one) => one.image.id === row.image.id && one.user.id === user && !one.undone);
  return own.sort((a, b) => b.id - a.id)[0]?.client_id ?? null;
}

/** Pages in which a picture's label is as the server has just said, wherever the picture is shown. */
export function relabelled(
  pages: HistoryPage[],
  image: number,
  now: Partial<HistoryRow["now"]>,
  undone?: string,
): HistoryPage[] {
  return pages.map((page) => ({
    ...page,
    results: page.results.map((row) =>
      row.image.id === image
        ? { ...row, now: { ...row.now, ...now }, undone: row.undone || row.client_id === undone }
        : row,
    ),
  }));
}

/** The row to stand on: the one that was, wherever it is now, or the first. */
export function placeOf(rows: Pick<HistoryRow, "id">[], id: number | null): number {
  return Math.max(
    0,
    rows.findIndex((row) => row.id === id),
  );
}
