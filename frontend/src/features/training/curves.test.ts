import { describe, expect, it } from "vitest";
import type { RunDetail } from "../../api/modeling";
import { lossCurves, qualityCurves, seconds, speed, stepStates } from "./curves";

const names = {
  train: "training",
  validation: "validation",
  accuracy: "accuracy",
  macroF1: "macro F1",
  rate: "learning rate",
};

const curves: RunDetail["curves"] = {
  train: [
    { step: 1, epoch: 1, loss: 2, lr: 0.001, images_per_s: null },
    { step: 2, epoch: 1, loss: 1.5, lr: 0.002, images_per_s: 30 },
    { step: 3, epoch: 1, loss: 1.2, lr: 0.002, images_per_s: 40 },
  ],
  validation: [{ step: 3, epoch: 1, accuracy: 0.7, macro_f1: null, loss: 1.1 }],
  notes: [],
};

describe("the phases of a run", () => {
  it("are done up to the one that it is in", () => {
    expect(stepStates({ phase: "train", state: "running" })).toEqual([
      "done",
      "done",
      "now",
      "ahead",
      "ahead",
    ]);
    expect(stepStates({ phase: "done", state: "succeeded" })).toEqual(Array(5).fill("done"));
  });

  it("show where it stopped, and that a waiting one has not begun", () => {
    expect(stepStates({ phase: "evaluate", state: "failed" })[3]).toBe("failed");
    expect(stepStates({ phase: "freeze", state: "queued" })).toEqual(Array(5).fill("ahead"));
  });
});

describe("the curves of a run", () => {
  it("are its points by step", () => {
    const [train, validation] = lossCurves(curves, names);
    expect(train?.points).toEqual([
      { x: 1, y: 2 },
      { x: 2, y: 1.5 },
      { x: 3, y: 1.2 },
    ]);
    expect(validation?.points).toEqual([{ x: 3, y: 1.1 }]);
    expect(qualityCurves(curves, names).map((curve) => curve.points[0]?.y)).toEqual([0.7, null]);
  });

  it("tell how fast it learns, from the last steps", () => {
    expect(speed(curves)).toBe(35);
    expect(speed({ train: [], validation: [], notes: [] })).toBeNull();
  });
});

describe("the time of a run", () => {
  const job = (started_at: string | null, finished_at: string | null) =>
    ({ started_at, finished_at }) as RunDetail["job"];
  const run = (started: string | null, finished: string | null) => ({
    job: job(started, finished),
    created_at: "2026-01-01T00:00:00Z",
    finished_at: finished,
  });

  it("counts from its start to its end, or to now", () => {
    expect(seconds(run("2026-01-01T00:01:00Z", "2026-01-01T00:15:00Z"), 0)).toBe(840);
    expect(seconds(run("2026-01-01T00:01:00Z", null), Date.parse("2026-01-01T00:02:00Z"))).toBe(60);
  });

  it("is unknown before it begins", () => {
    expect(seconds(run(null, null), 0)).toBeNull();
  });
});
