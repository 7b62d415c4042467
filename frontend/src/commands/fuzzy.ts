/** Fuzzy search over names: letters in order, word starts and runs first; used for classes and commands. */

const separator = /[\s\-_/.,()]/;

const folded = new Map<string, string>();
const foldedKept = 10_000;

/** Lower case without accents; the same names are asked for at every letter typed, so they are kept. */
function fold(text: string): string {
  const known = folded.get(text);
  if (known !== undefined) return known;
  if (folded.size >= foldedKept) folded.clear();
  const made = text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
  folded.set(text, made);
  return made;
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

/** A match by another name than the first is worth a little less. */
const otherName = 5;

function bestScore(query: string, texts: string | readonly string[]): number | null {
  if (typeof texts === "string") return fuzzyScore(query, texts);
  const scores = texts.flatMap((text, index) => {
    const score = fuzzyScore(query, text);
    return score === null ? [] : [score - (index ? otherName : 0)];
  });
  return scores.length ? Math.max(...scores) : null;
}

/** The items that match by any of their texts, best first; equal ones keep their order. */
export function fuzzyFilter<T>(
  query: string,
  items: T[],
  text: (item: T) => string | readonly string[],
): T[] {
  return items
    .map((item, index) => ({ item, index, score: bestScore(query, text(item)) }))
    .filter((entry): entry is { item: T; index: number; score: number } => entry.score !== null)
    .sort((a, b) => b.score - a.score || a.index - b.index)
    .map((entry) => entry.item);
}

/** The other name by which a query found something, if its first name would not have been found as well. */
export function foundBy(query: string, texts: readonly string[]): string | null {
  const [first, ...others] = texts;
  if (!query || first === undefined) return null;
  const own = fuzzyScore(query, first);
  let best: string | null = null;
  let most = own ?? Number.NEGATIVE_INFINITY;
  for (const other of others) {
    const score = fuzzyScore(query, other);
    if (score === null || score - otherName <= most) continue;
    most = score - otherName;
    best = other;
  }
  return best;
}
