/** The one thing that helps the project most now, from what the server says about it. */
import type { Balance, BalanceRow, Job, Overview, Role } from "../../api/types";

type Loop = Overview["loop"];
type Model = NonNullable<Loop["newest_model"]>;

export type Step =
  | {
      kind:
        | "importing"
        | "embedding"
        | "add-classes"
        | "start"
        | "train"
        | "freeze"
        | "all-labelled"
        | "watch";
    }
  | { kind: "failed"; job: NonNullable<Loop["failed"]> }
  | { kind: "decide"; model: Model }
  | { kind: "blind-answers"; model: Model }
  | { kind: "import-more"; row: BalanceRow }
  | { kind: "export"; snapshot: NonNullable<Loop["newest_snapshot"]> }
  | { kind: "continue"; scarce: BalanceRow | null };

/** With fewer labels a training run mostly learns noise. */
const fewestLabels = 200;
const fewestPerClass = 10;
/** A class is far below its target with less than this share of it. */
const far = 0.5;

/** The class with the fewest labels that the pool can help, if any is below its target. */
export function scarcest(balance: Balance | undefined): BalanceRow | null {
  const below = (balance?.classes ?? []).filter((row) => row.labelled < row.target && row.suggested > 0);
  return below.sort((a, b) => a.labelled - b.labelled)[0] ?? null;
}

/** The class that is farthest below its target while the pool holds nothing for any class that is below. */
export function beyondThePool(balance: Balance | undefined): BalanceRow | null {
  if (!balance || balance.suggested === 0 || scarcest(balance)) return null;
  const short = balance.classes.filter((row) => row.labelled < far * row.target);
  return short.sort((a, b) => a.labelled / a.target - b.labelled / b.target)[0] ?? null;
}

export function enoughToTrain(overview: Overview, balance: Balance | undefined): boolean {
  const { counts, loop } = overview;
  const filled = (balance?.classes ?? []).filter((row) => row.labelled >= fewestPerClass).length;
  return loop.runs === 0 && counts.labelled >= fewestLabels && filled >= 2;
}

const active = (jobs: Job[], kind: Job["kind"]) => jobs.some((job) => job.kind === kind);

/** What waits for a lead before anything else: a failure, or a model that nobody has decided on. */
function waitsForLead({ loop, jobs }: Overview): Step | null {
  const model = loop.newest_model;
  if (loop.failed) return { kind: "failed", job: loop.failed };
  if (!model || active(jobs, "promote") || active(jobs, "train")) return null;
  if (model.missing > 0 && (model.state === "candidate" || model.state === "rejected"))
    return { kind: "blind-answers", model };
  return model.state === "candidate" ? { kind: "decide", model } : null;
}

/** When the labels are all there: freeze them, then take them along. */
function whenDone({ loop, jobs }: Overview, role: Role): Step {
  if (role === "lead" && loop.snapshots === 0 && !active(jobs, "snapshot")) return { kind: "freeze" };
  const exporting = loop.exports > 0 || active(jobs, "export");
  if ((role === "lead" || role === "reviewer") && loop.newest_snapshot && !exporting)
    return { kind: "export", snapshot: loop.newest_snapshot };
  return { kind: "all-labelled" };
}

export function nextStep(overview: Overview, balance: Balance | undefined, role: Role): Step {
  const { counts, stage } = overview;
  const lead = role === "lead" ? waitsForLead(overview) : null;
  if (lead?.kind === "failed") return lead;
  if (stage === "importing" && counts.images === 0) return { kind: "importing" };
  if (stage === "embedding" && !overview.round) return { kind: "embedding" };
  if (role === "viewer") return { kind: "watch" };
  if (counts.classes === 0) return { kind: "add-classes" };
  if (lead) return lead;
  if (role === "lead" && enoughToTrain(overview, balance) && !active(overview.jobs, "train"))
    return { kind: "train" };
  const open = counts.pool + Math.max(counts.reserve - counts.reserve_answered, 0);
  if (open === 0) return whenDone(overview, role);
  if (counts.labelled === 0) return { kind: "start" };
  const short = role === "lead" ? beyondThePool(balance) : null;
  return short ? { kind: "import-more", row: short } : { kind: "continue", scarce: scarcest(balance) };
}
