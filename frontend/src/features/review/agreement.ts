/** Agreement as it is shown: a square of people, and how much a number says. Pure. */
import type { Agreement } from "../../api/review";

type Pair = Agreement["kappa"][number];
export interface Person {
  id: number;
  name: string;
}

export interface Square {
  people: Person[];
  /** What two people have in common; null for a person alone, or where they share no picture. */
  at: (a: number, b: number) => Pair | null;
}

/** People in the order of how many pictures they share with others, and what each two have in common. */
export function square(pairs: Pair[]): Square {
  const shared = new Map<number, { person: Person; pictures: number }>();
  const found = new Map<string, Pair>();
  for (const pair of pairs) {
    found.set(`${pair.a.id}/${pair.b.id}`, pair);
    for (const person of [pair.a, pair.b]) {
      const old = shared.get(person.id)?.pictures ?? 0;
      shared.set(person.id, { person, pictures: old + pair.pictures });
    }
  }
  const people = [...shared.values()].sort((a, b) => b.pictures - a.pictures).map(({ person }) => person);
  return { people, at: (a, b) => found.get(`${a}/${b}`) ?? found.get(`${b}/${a}`) ?? null };
}

export type Reading = "undefined" | "low" | "tentative" | "reliable";

/** Krippendorff's own reading: from 0.800 conclusions hold, from 0.667 they are tentative, below they do not hold. */
export function reading(alpha: number | null): Reading {
  if (alpha === null) return "undefined";
  if (alpha >= 0.8) return "reliable";
  return alpha >= 0.667 ? "tentative" : "low";
}

/** How strong a cell's colour is, 0 to 1: agreement no better than chance has none. */
export function strength(value: number | null): number {
  return Math.min(1, Math.max(0, value ?? 0));
}

/** Two decimals with a real minus sign; a dash where it is undefined. */
export function figure(value: number | null): string {
  return value === null ? "–" : value.toFixed(2).replace("-", "−");
}
