import { describe, expect, it } from "vitest";
import type { Assessment, GateDetail, Reason } from "../../api/modeling";
import en from "../../messages/en.json";
import { actionOf, championAccuracy, classRows, folded, points, reasonCodes, scaleFrom, told } from "./gate";
import { firstPicture, mostBytes, tooLarge } from "./picture";

const reason = (code: string, name = ""): Reason => ({ code, message: `${code} ${name}`, values: { name } });
const paired = { count: 20, wins: 3, losses: 1, difference: 0.1, lower: 0.01, upper: 0.2 };
const gate: GateDetail = {
  decision: "promoted",
  missing: 0,
  reasons: [],
  overall: paired,
  classes: [{ class_id: 7, name: "hat", paired, verdict: "passed", missing: 0 }],
  rules: { margin: 0.01, class_drop: 0.2, confidence: 0.9, power: 0.8 },
};

describe("the gate's reasons", () => {
  it("are written with points that bear their sign, and whole counts", () => {
    const values = { difference: 2.14, lower: -0.5, limit: -1, confidence: 90, wins: 12, name: "hat" };
    expect(told({ code: "better", message: "", values })).toEqual({
      difference: "+2.1",
      lower: "−0.5",
      limit: "−1.0",
      confidence: 90,
      wins: 12,
      name: "hat",
    });
    expect(points(-0.01)).toBe("0.0");
  });

  it("have words for every code", () => {
    const words = Object.keys(en.models.reason).map((key) => key.replace(/_(one|other)$/, ""));
    expect(new Set(words)).toEqual(new Set(reasonCodes));
  });

  it("that say the same of many classes are one line, where the first of them stood", () => {
    const many = ["a", "b", "c", "d"].map((name) => reason("class_unjudged", name));
    const lines = folded([reason("better"), ...many, reason("class_failed", "x"), reason("something_new")]);
    expect(lines.map((line) => line.code)).toEqual([
      "better",
      "class_unjudged",
      "class_failed",
      "something_new",
    ]);
    expect(lines[1]).toEqual({ code: "class_unjudged", reasons: many });
    expect(folded(many.slice(0, 3))).toEqual(many.slice(0, 3));
  });
});

describe("what a lead can do with a model", () => {
  it("depends on where it stands, and whether its embeddings are kept", () => {
    expect(actionOf({ state: "serving", rollback: false })).toBeNull();
    expect(actionOf({ state: "candidate", rollback: false })).toBe("promote");
    expect(actionOf({ state: "rejected", rollback: false })).toBe("override");
    expect(actionOf({ state: "retired", rollback: true })).toBe("rollback");
    expect(actionOf({ state: "retired", rollback: false })).toBe("promote");
  });
});

describe("the numbers of a model", () => {
  const assessment = {
    classes: [
      { class_id: 7, precision: 1, recall: 0.5, f1: 0.67, support: 20 },
      { class_id: 3, precision: null, recall: null, f1: null, support: 0 },
    ],
  } as Assessment;
  const model = {
    classes: [
      { id: 3, name: "coat" },
      { id: 7, name: "hat" },
    ],
    gate,
  };

  it("of each class come in the order of the confusion, with the class's name of today", () => {
    const tile = { id: 7, name: "cap", color: 4, hotkey: "c" };
    const rows = classRows(model, assessment, true, [tile as never]);
    expect(rows.map(({ name, index }) => [name, index])).toEqual([
      ["cap", 0],
      ["coat", 1],
    ]);
    expect(rows[0]).toMatchObject({ against: 0.1, verdict: "passed", color: 4 });
    expect(rows[1]).toMatchObject({ against: null, verdict: null });
  });

  it("are compared with the champion only on the blind answers", () => {
    expect(classRows(model, assessment, false, [])[0]?.against).toBeNull();
    expect(championAccuracy(0.9, gate)).toBeCloseTo(0.8);
    expect(championAccuracy(0.9, null)).toBeNull();
    expect(championAccuracy(null, gate)).toBeNull();
  });

  it("are drawn on a scale that begins below all of them", () => {
    expect(
      scaleFrom([
        { low: 0.83, accuracy: 0.9 },
        { low: null, accuracy: null },
      ]),
    ).toBe(0.8);
    expect(scaleFrom([])).toBe(0);
  });
});

it("takes the first picture of what was dropped, and none that is too large", () => {
  const text = new File(["x"], "notes.txt", { type: "text/plain" });
  const photo = new File(["x"], "IMG_1.HEIC");
  expect(firstPicture([text, photo])).toBe(photo);
  expect(firstPicture([text])).toBeNull();
  expect(tooLarge({ size: mostBytes + 1 } as Blob)).toBe(true);
  expect(tooLarge(photo)).toBe(false);
});
