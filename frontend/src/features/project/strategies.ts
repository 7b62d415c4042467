/** The strategies by what they go by, and their words: the page's own for those that it knows, else the server's. */
import type { TFunction } from "i18next";
import type { Presets } from "../../api/types";
import type en from "../../messages/en.json";

export type Strategy = Presets["strategies"][number];
type Known = keyof (typeof en)["strategies"]["title"];

export const groups = {
  recommended: ["auto"],
  both: ["uncertainty_herding", "badge", "bait", "cluster_margin", "dropquery"],
  doubt: ["margin", "entropy", "least_confidence"],
  variety: ["typiclust", "probcover", "k_center"],
  balance: ["class_balanced", "rare_class"],
  baseline: ["random"],
  other: [],
} as const satisfies Record<string, readonly Known[]>;

export type Group = keyof typeof groups;

const known = new Map<string, { name: Known; group: Group }>();
for (const [group, names] of Object.entries(groups) as [Group, readonly Known[]][])
  for (const name of names) known.set(name, { name, group });

/** What a strategy is called, and a sentence on when to use it. */
export function strategyWords(
  t: TFunction,
  { name, title, when }: Strategy,
): { title: string; when: string } {
  const found = known.get(name)?.name;
  if (!found) return { title: title || name, when };
  return { title: t(`strategies.title.${found}`), when: t(`strategies.when.${found}`) };
}

/** The strategies on offer in groups, without empty ones; a name that is chosen but not on offer is among them. */
export function grouped(offered: Strategy[], chosen: string): [Group, Strategy[]][] {
  const there = offered.some(({ name }) => name === chosen);
  const all = there || !chosen ? offered : [...offered, { name: chosen, title: "", when: "" }];
  const place = ({ name }: Strategy) => {
    const found = known.get(name);
    return found ? (groups[found.group] as readonly string[]).indexOf(name) : 0;
  };
  return (Object.keys(groups) as Group[])
    .map((group): [Group, Strategy[]] => {
      const own = all.filter(({ name }) => (known.get(name)?.group ?? "other") === group);
      return [group, own.sort((a, b) => place(a) - place(b))];
    })
    .filter(([, own]) => own.length > 0);
}

/** What a new project begins with: the recommended strategy, or the first on offer. */
export function recommended(offered: Strategy[]): string {
  return grouped(offered, "")[0]?.[1][0]?.name ?? "";
}
