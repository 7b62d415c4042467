/** Which letter a class gets: the first free letter of its name, as the server will give it. */

/** Letters that the Label and Verify pages keep for themselves. */
export const reservedLetters = "sfuzxg";

/** One letter (or "") for each name, in order; `taken` are letters already in use. */
export function allocateHotkeys(names: string[], taken: Iterable<string> = []): string[] {
  const used = new Set([...reservedLetters, ...taken]);
  return names.map((name) => {
    const letter = [...name.toLowerCase()].find((char) => char >= "a" && char <= "z" && !used.has(char));
    if (letter) used.add(letter);
    return letter ?? "";
  });
}

/** Class names from typed or pasted text: one a line (or separated by commas on one line), no repeats. */
export function parseClassNames(text: string): string[] {
  const trimmed = text.trim();
  const lines = trimmed.includes("\n") ? trimmed.split("\n") : trimmed.split(/[,;\t]/);
  const names = lines.map((line) => line.trim().replace(/\s+/g, " ")).filter(Boolean);
  const seen = new Set<string>();
  return names.filter((name) => {
    const key = name.toLowerCase();
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}

/** The palette index for the class at a position: twelve colours, then again. */
export const paletteSize = 12;
export function colorFor(index: number): number {
  return index % paletteSize;
}
