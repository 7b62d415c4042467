/** What the history shows, kept in its address so that a link opens the same answers. */
import type { HistoryQuery } from "../../api/history";

export const verdicts = ["label", "skip", "unsure", "flag"] as const;
export const origins = ["single", "verify", "bulk", "import"] as const;
export const states = ["standing", "undone", "conflict"] as const;
/** Days back from the beginning of today; 0 is today alone. */
export const spans = ["0", "7", "30"] as const;

export interface Chosen {
  who: "mine" | "all" | number;
  class?: number;
  verdict?: (typeof verdicts)[number];
  origin?: (typeof origins)[number];
  state?: (typeof states)[number];
  days?: (typeof spans)[number];
  q?: string;
}

function oneOf<T extends string>(choices: readonly T[], value: string | null): T | undefined {
  return choices.find((choice) => choice === value);
}

function id(value: string | null): number | undefined {
  const number = Number(value);
  return Number.isSafeInteger(number) && number > 0 ? number : undefined;
}

/** `others`: whether the person may see what others said. */
export function readChosen(search: URLSearchParams, others: boolean): Chosen {
  const who = search.get("who");
  return {
    who: others ? (id(who) ?? (who === "all" ? "all" : "mine")) : "mine",
    class: id(search.get("class")),
    verdict: oneOf(verdicts, search.get("verdict")),
    origin: oneOf(origins, search.get("origin")),
    state: oneOf(states, search.get("state")),
    days: oneOf(spans, search.get("days")),
    q: search.get("q")?.slice(0, 200) || undefined,
  };
}

/** The address of a choice, without what is the default anyway. */
export function writeChosen(chosen: Chosen): URLSearchParams {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(chosen))
    if (value !== undefined && value !== "" && !(name === "who" && value === "mine"))
      search.set(name, String(value));
  return search;
}

/** What to ask the server; the same within a day, so that it is asked once. */
export function toQuery({ days, ...rest }: Chosen, now: Date): HistoryQuery {
  if (days === undefined) return rest;
  const since = new Date(now.getFullYear(), now.getMonth(), now.getDate() - Number(days));
  return { ...rest, since: since.toISOString() };
}

/** How many filters narrow the list, the person aside. */
export function narrowing({ who: _, ...rest }: Chosen): number {
  return Object.values(rest).filter((value) => value !== undefined).length;
}
