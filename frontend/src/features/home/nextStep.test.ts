import { describe, expect, it } from "vitest";
import type { Balance, Overview } from "../../api/types";
import { nextStep } from "./nextStep";

type Change = Partial<Overview["counts"]>;

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
    labelled: 0,
    suggested: 0,
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
    expect(kind({ labelled: 100, pool: 0, reserve_answered: 10 })).toBe("all-labelled");
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
