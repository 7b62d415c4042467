/** The one thing that helps the project most now, from what the server says about it. */
import type { Balance, BalanceRow, Overview, Role } from "../../api/types";

export type Step =
  | { kind: "importing" | "embedding" | "add-classes" | "start" | "all-labelled" | "watch" }
  | { kind: "continue"; scarce: BalanceRow | null };

/** The class with the fewest labels that the pool can help, if any is below its target. */
export function scarcest(balance: Balance | undefined): BalanceRow | null {
  const below = (balance?.classes ?? []).filter((row) => row.labelled < row.target && row.suggested > 0);
  return below.sort((a, b) => a.labelled - b.labelled)[0] ?? null;
}

export function nextStep(overview: Overview, balance: Balance | undefined, role: Role): Step {
  const { counts, stage } = overview;
  if (stage === "importing" && counts.images === 0) return { kind: "importing" };
  if (stage === "embedding" && !overview.round) return { kind: "embedding" };
  if (role === "viewer") return { kind: "watch" };
  if (counts.classes === 0) return { kind: "add-classes" };
  const open = counts.pool + Math.max(counts.reserve - counts.reserve_answered, 0);
  if (open === 0) return { kind: "all-labelled" };
  if (counts.labelled === 0) return { kind: "start" };
  return { kind: "continue", scarce: scarcest(balance) };
}
