/** Fuzzy search over names: letters in order, word starts and runs first; used for classes and commands. */

const separator = /[\s\-_/.,()]/;

function fold(text: string): string {
  return text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
}

function scoreFrom(needle: string, hay: string, start: number): number | null {
  let score = 0;
  let previous = -2;
  let position = start;
  for (const letter of needle) {
    const found = hay.indexOf(letter, position);
    if (found < 0) return null;
    if (found === 0) score += 10;
    else if (separator.test(hay[found - 1] ?? "")) score += 7;
    if (found === previous + 1) score += 5;
    score -= Math.min(found - Math.max(previous, 0), 8) * 0.3;
    previous = found;
    position = found + 1;
  }
  return score;
}

/** How well the query fits the text: higher is better, null when a letter is missing. */
export function fuzzyScore(query: string, text: string): number | null {
  const needle = fold(query).replace(/\s+/g, "");
  const hay = fold(text);
  if (!needle) return 0;
  if (hay === needle) return 1_000;
  let best: number | null = null;
  for (
    let start = hay.indexOf(needle[0] ?? "");
    start >= 0;
    start = hay.indexOf(needle[0] ?? "", start + 1)
  ) {
    const score = scoreFrom(needle, hay, start);
    if (score !== null && (best === null || score > best)) best = score;
  }
  if (best === null) return null;
  const prefix = hay.startsWith(needle) ? 50 : hay.includes(needle) ? 20 : 0;
  return best + prefix - hay.length * 0.01;
}

/** The items that match, best first; equal ones keep their order. */
export function fuzzyFilter<T>(query: string, items: T[], text: (item: T) => string): T[] {
  return items
    .map((item, index) => ({ item, index, score: fuzzyScore(query, text(item)) }))
    .filter((entry): entry is { item: T; index: number; score: number } => entry.score !== null)
    .sort((a, b) => b.score - a.score || a.index - b.index)
    .map((entry) => entry.item);
}
