/** The curves and facts of a run, made from what it tells. */
import type { Phase, Run, RunDetail } from "../../api/modeling";
import type { Curve } from "../../components/curves";

export const phases: Phase[] = ["freeze", "balance", "train", "evaluate", "done"];

export type StepState = "done" | "now" | "failed" | "ahead";

/** How far each phase of a run is. */
export function stepStates(run: Pick<Run, "phase" | "state">): StepState[] {
  const at = phases.indexOf(run.phase);
  const ended = run.state === "failed" || run.state === "cancelled";
  return phases.map((_, index) => {
    if (run.state === "succeeded" || index < at) return "done";
    if (index > at) return "ahead";
    if (ended) return "failed";
    return run.state === "running" ? "now" : "ahead";
  });
}

type Curves = RunDetail["curves"];

export interface Names {
  train: string;
  validation: string;
  accuracy: string;
  macroF1: string;
  rate: string;
}

export function lossCurves({ train, validation }: Curves, names: Names): Curve[] {
  return [
    {
      name: names.train,
      look: "plain",
      dashed: true,
      points: train.map(({ step, loss }) => ({ x: step, y: loss })),
    },
    {
      name: names.validation,
      look: "data",
      points: validation.map(({ step, loss }) => ({ x: step, y: loss })),
    },
  ];
}

export function qualityCurves({ validation }: Curves, names: Names): Curve[] {
  return [
    {
      name: names.accuracy,
      look: "data",
      points: validation.map(({ step, accuracy }) => ({ x: step, y: accuracy })),
    },
    {
      name: names.macroF1,
      look: "good",
      points: validation.map(({ step, macro_f1 }) => ({ x: step, y: macro_f1 })),
    },
  ];
}

export function rateCurves({ train }: Curves, names: Names): Curve[] {
  return [{ name: names.rate, look: "data", points: train.map(({ step, lr }) => ({ x: step, y: lr })) }];
}

/** Pictures learnt from in a second, as of the last steps told; null before there are any. */
export function speed({ train }: Curves): number | null {
  const last = train
    .slice(-5)
    .map((point) => point.images_per_s)
    .filter((value) => value !== null);
  return last.length ? last.reduce((sum, value) => sum + value, 0) / last.length : null;
}

/** Seconds that a run took, or has taken so far; null before it began. */
export function seconds(run: Pick<Run, "job" | "created_at" | "finished_at">, now: number): number | null {
  const started = run.job?.started_at ?? (run.finished_at ? run.created_at : null);
  if (!started) return null;
  const end = run.finished_at ?? run.job?.finished_at;
  return Math.max(0, ((end ? Date.parse(end) : now) - Date.parse(started)) / 1000);
}
