import { describe, expect, it } from "vitest";
import type { Balance, Job, Overview, Role } from "../../api/types";
import { nextStep } from "./nextStep";

type Change = Partial<Overview["counts"]>;
type Loop = Overview["loop"];
type Model = NonNullable<Loop["newest_model"]>;

const noLoop: Loop = {
  serving: null,
  newest_model: null,
  runs: 0,
  snapshots: 0,
  newest_snapshot: null,
  exports: 0,
  failed: null,
};

function model(state: Model["state"], missing = 0): Model {
  return {
    id: 7,
    name: "v2",
    state,
    accuracy: 0.9,
    low: 0.85,
    high: 0.94,
    test_size: 150,
    missing,
    created_at: "2026-01-01T00:00:00Z",
  };
}

const job = (kind: Job["kind"]) => ({ kind, state: "running" }) as Job;

function overview(counts: Change, change: Partial<Overview> = {}): Overview {
  return {
    counts: {
      images: 100,
      labelled: 0,
      pool: 90,
      reserve: 10,
      reserve_answered: 0,
      holdout: 0,
      suggested: 0,
      skipped: 0,
      rejected: 0,
      classes: 2,
      members: 1,
      ...counts,
    },
    head: null,
    heads: [],
    next_refresh_in: 32,
    refresh_every: 32,
    round: { number: 1, strategy: "uncertainty_herding", size: 64, open: 64, done: 0 },
    today: { mine: 0, all: 0 },
    stage: "ready",
    jobs: [],
    loop: noLoop,
    review: { open: 0, sent_back_to_me: 0 },
    ...change,
  };
}

function balance(rows: [string, number, number][]): Balance {
  const classes = rows.map(([name, labelled, suggested], index) => ({
    class: index,
    name,
    labelled,
    suggested,
    total: labelled + suggested,
    share: 0,
    target: 50,
    gap: 50 - labelled,
  }));
  return {
    classes,
    imbalance_ratio: null,
    effective_classes: null,
    entropy: null,
    labelled: rows.reduce((sum, [, labelled]) => sum + labelled, 0),
    suggested: rows.reduce((sum, [, , suggested]) => sum + suggested, 0),
    target: 50,
  };
}

describe("the next best step", () => {
  it("is to go on labelling, for the class that has fewest and can get more", () => {
    const classes = balance([
      ["coat", 40, 5],
      ["hat", 4, 0],
      ["shoes", 12, 30],
    ]);
    const step = nextStep(overview({ labelled: 56, pool: 34 }), classes, "lead");
    expect(step).toMatchObject({ kind: "continue", scarce: { name: "shoes" } });
  });

  it("follows the project from its first picture to its last", () => {
    const kind = (counts: Change, change: Partial<Overview> = {}) =>
      nextStep(overview(counts, change), undefined, "lead").kind;
    expect(kind({ images: 0 }, { stage: "importing", round: null })).toBe("importing");
    expect(kind({}, { stage: "embedding", round: null })).toBe("embedding");
    expect(kind({ classes: 0 })).toBe("add-classes");
    expect(kind({})).toBe("start");
    expect(kind({ labelled: 5, pool: 85 })).toBe("continue");
    expect(kind({ labelled: 100, pool: 0, reserve_answered: 10 })).toBe("freeze");
  });

  it("keeps labelling while a blind picture waits, though the pool is empty", () => {
    expect(nextStep(overview({ labelled: 95, pool: 0, reserve_answered: 5 }), undefined, "lead").kind).toBe(
      "continue",
    );
  });

  it("asks nothing of somebody who may only watch", () => {
    expect(nextStep(overview({}), undefined, "viewer").kind).toBe("watch");
  });
});

describe("the next best step beyond labelling", () => {
  const labelled = { images: 1000, labelled: 300, pool: 600 };
  const classes = balance([
    ["coat", 160, 5],
    ["hat", 140, 30],
  ]);
  const kind = (loop: Partial<Loop>, role: Role = "lead", change: Partial<Overview> = {}) =>
    nextStep(overview(labelled, { loop: { ...noLoop, ...loop }, ...change }), classes, role).kind;

  it("is to train the first model, once there are labels enough of more than one class", () => {
    expect(kind({})).toBe("train");
    expect(kind({ runs: 1 })).toBe("continue");
    expect(kind({}, "lead", { jobs: [job("train")] })).toBe("continue");
    expect(kind({}, "annotator")).toBe("continue");
    const few = overview({ ...labelled, labelled: 150 });
    expect(nextStep(few, classes, "lead").kind).toBe("continue");
    const lopsided = balance([
      ["coat", 295, 5],
      ["hat", 5, 30],
    ]);
    expect(nextStep(overview(labelled), lopsided, "lead").kind).toBe("continue");
  });

  it("is to decide on a model that waits, unless it is being promoted", () => {
    const waiting = { runs: 1, newest_model: model("candidate") };
    expect(kind(waiting)).toBe("decide");
    expect(kind(waiting, "annotator")).toBe("continue");
    expect(kind(waiting, "lead", { jobs: [job("promote")] })).toBe("continue");
    expect(kind({ runs: 1, newest_model: model("serving") })).toBe("continue");
    expect(kind({ runs: 1, newest_model: model("rejected") })).toBe("continue");
  });

  it("is to answer blind pictures where the test set is too small to judge the newest model", () => {
    for (const state of ["candidate", "rejected"] as const) {
      const step = nextStep(
        overview(labelled, { loop: { ...noLoop, runs: 1, newest_model: model(state, 60) } }),
        classes,
        "lead",
      );
      expect(step).toMatchObject({ kind: "blind-answers", model: { name: "v2", missing: 60 } });
    }
    expect(kind({ runs: 1, newest_model: model("retired", 60) })).toBe("continue");
  });

  it("is to look at what failed, before all else, for those who can help it", () => {
    const failed = { id: 3, kind: "export" as const, title: "Export pets", message: "Disk full.", hint: "" };
    const loop = { runs: 1, newest_model: model("candidate"), failed };
    const step = nextStep(overview(labelled, { loop: { ...noLoop, ...loop } }), classes, "lead");
    expect(step).toEqual({ kind: "failed", job: failed });
    expect(kind(loop, "annotator")).toBe("continue");
    const early = overview({}, { stage: "embedding", round: null, loop: { ...noLoop, failed } });
    expect(nextStep(early, undefined, "lead").kind).toBe("failed");
  });

  it("is to import more of a class that is far below its target where the pool holds none of it", () => {
    const rows = balance([
      ["coat", 60, 5],
      ["hat", 4, 0],
      ["shoes", 9, 0],
    ]);
    const home = overview({ labelled: 73 });
    expect(nextStep(home, rows, "lead")).toMatchObject({ kind: "import-more", row: { name: "hat" } });
    expect(nextStep(home, rows, "annotator")).toEqual({ kind: "continue", scarce: null });
    const helped = balance([
      ["hat", 4, 0],
      ["shoes", 9, 3],
    ]);
    expect(nextStep(home, helped, "lead")).toMatchObject({ kind: "continue", scarce: { name: "shoes" } });
    const unknown = balance([["hat", 4, 0]]);
    expect(nextStep(home, unknown, "lead")).toEqual({ kind: "continue", scarce: null });
  });

  it("is to freeze the labels when all are given, then to export them", () => {
    const done = (loop: Partial<Loop>, role: Role = "lead", jobs: Job[] = []) =>
      nextStep(
        overview(
          { labelled: 100, pool: 0, reserve_answered: 10 },
          { loop: { ...noLoop, runs: 1, ...loop }, jobs },
        ),
        classes,
        role,
      );
    const newest_snapshot = { id: 4, name: "Autumn", rows: 100 };
    expect(done({}).kind).toBe("freeze");
    expect(done({}, "lead", [job("snapshot")]).kind).toBe("all-labelled");
    expect(done({}, "reviewer").kind).toBe("all-labelled");
    expect(done({ snapshots: 1, newest_snapshot })).toEqual({ kind: "export", snapshot: newest_snapshot });
    expect(done({ snapshots: 1, newest_snapshot }, "reviewer").kind).toBe("export");
    expect(done({ snapshots: 1, newest_snapshot }, "annotator").kind).toBe("all-labelled");
    expect(done({ snapshots: 1, newest_snapshot }, "lead", [job("export")]).kind).toBe("all-labelled");
    expect(done({ snapshots: 1, newest_snapshot, exports: 1 }).kind).toBe("all-labelled");
  });
});
