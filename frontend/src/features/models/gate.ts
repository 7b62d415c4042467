/** What the gate found, as the pages need it. */
import type { Assessment, GateDetail, Model, ModelDetail, Reason } from "../../api/modeling";
import type { LabelClass } from "../../api/types";
import type { ClassRow } from "../../components/matrix";

export const reasonCodes = [
  "better",
  "worse",
  "not_better",
  "labels_worse",
  "unsure",
  "no_answers",
  "missing",
  "class_failed",
  "class_unclear",
  "class_unjudged",
] as const;
export type ReasonCode = (typeof reasonCodes)[number];

export function knownCode(code: string): ReasonCode | null {
  return reasonCodes.find((known) => known === code) ?? null;
}

/** Points with their sign and one decimal: "+2.1", "−0.4". */
export function points(value: number): string {
  const text = Math.abs(value).toFixed(1);
  if (Number(text) === 0) return text;
  return `${value > 0 ? "+" : "−"}${text}`;
}

/** A reason's values written for people: points with signs, counts as they are. */
export function told(reason: Reason): Record<string, string | number> {
  const signed = ["difference", "lower", "limit"];
  return Object.fromEntries(
    Object.entries(reason.values).map(([name, value]) => {
      if (typeof value !== "number") return [name, String(value)];
      if (signed.includes(name)) return [name, points(value)];
      return [name, Math.round(value)];
    }),
  );
}

/** How sure a reason weighs: what speaks for the model, against it, or is a remark. */
export function tone(code: string): "good" | "bad" | "warn" | "plain" {
  if (code === "better") return "good";
  if (["worse", "not_better", "labels_worse", "class_failed"].includes(code)) return "bad";
  if (code === "class_unjudged") return "plain";
  return "warn";
}

const foldable = ["class_failed", "class_unclear", "class_unjudged"] as const;
export type FoldCode = (typeof foldable)[number];
const mostShown = 3;

/** Reasons as a page lists them: the same said of many classes becomes one line, where the first of them stood. */
export function folded(reasons: Reason[]): (Reason | { code: FoldCode; reasons: Reason[] })[] {
  const lines: ReturnType<typeof folded> = [];
  for (const reason of reasons) {
    const code = foldable.find((one) => one === reason.code);
    const alike = code ? reasons.filter((one) => one.code === code) : [];
    if (!code || alike.length <= mostShown) lines.push(reason);
    else if (alike[0] === reason) lines.push({ code, reasons: alike });
  }
  return lines;
}

/** Accuracy of the model that this one was compared with, on the same blind answers; null where it was with none. */
export function championAccuracy(accuracy: number | null, gate: GateDetail | null): number | null {
  if (accuracy === null || !gate?.overall?.count) return null;
  return Math.min(1, Math.max(0, accuracy - gate.overall.difference));
}

export type Action = "promote" | "override" | "rollback" | null;

/** What a lead can do with a model. */
export function actionOf(model: Pick<Model, "state" | "rollback">): Action {
  if (model.state === "serving") return null;
  if (model.rollback) return "rollback";
  return model.state === "rejected" ? "override" : "promote";
}

/** The classes of a model with their scores on a part of the test set. */
export function classRows(
  model: Pick<ModelDetail, "classes" | "gate">,
  assessment: Assessment,
  compared: boolean,
  tiles: LabelClass[],
): ClassRow[] {
  const known = new Map(tiles.map((tile) => [tile.id, tile]));
  const names = new Map(model.classes.map((one) => [one.id, one.name]));
  const gates = new Map((compared ? (model.gate?.classes ?? []) : []).map((one) => [one.class_id, one]));
  return assessment.classes.map((score, index) => {
    const id = score.class_id;
    const [tile, gate] = [known.get(id), gates.get(id)];
    return {
      id,
      index,
      name: tile?.name ?? names.get(id) ?? String(id),
      color: tile?.color ?? index,
      hotkey: tile?.hotkey ?? "",
      support: score.support,
      precision: score.precision,
      recall: score.recall,
      f1: score.f1,
      against: gate?.paired.count ? gate.paired.difference : null,
      verdict: gate?.verdict ?? null,
    };
  });
}

/** Where a scale of accuracies may begin, so that intervals fill it. */
export function scaleFrom(models: Pick<Model, "low" | "accuracy">[]): number {
  const lows = models
    .map((model) => model.low ?? model.accuracy)
    .filter((low): low is number => low !== null);
  return lows.length ? Math.max(0, Math.floor(Math.min(...lows) * 10) / 10) : 0;
}
