import { describe, expect, it } from "vitest";
import type { BackboneInUse } from "../../api/backbones";
import type { BackbonePreset } from "../../api/types";
import { costOf, couldBeName, isInUse, paceOf, roundedRate } from "./backbones";

const preset = (name: string, ...rates: number[]) =>
  ({
    name,
    rates: rates.map((images_per_second) => ({ device: "CPU", images_per_second })),
  }) as BackbonePreset;

const inUse = (part: Partial<BackboneInUse> = {}): BackboneInUse => ({
  backbone: "lite0",
  model: "v1",
  trained: false,
  pictures: 1200,
  images_per_second: null,
  change: null,
  ...part,
});

describe("how fast a backbone is here", () => {
  it("is what the fastest machine has measured", () => {
    expect(paceOf("vit", [preset("vit", 900, 20)], inUse())).toEqual({
      rate: 900,
      source: "measured",
      device: "CPU",
    });
  });

  it("is what the last job did with the one in use, where nobody has measured it", () => {
    const state = inUse({ images_per_second: 81 });
    expect(paceOf("lite0", [preset("lite0")], state)).toMatchObject({ rate: 81, source: "embedding" });
    expect(paceOf("vit", [preset("vit")], state)).toBeNull();
  });

  it("is unknown for a name that nobody offers", () => {
    expect(paceOf("resnet18", [], undefined)).toBeNull();
  });

  it("is told in digits that one can choose by", () => {
    expect([7.34, 112.4].map(roundedRate)).toEqual([7.3, 112]);
  });
});

describe("what a change costs", () => {
  it("is the pictures by the rate, or unknown", () => {
    expect(costOf(1200, { rate: 20, source: "measured", device: "" })).toBe(60);
    expect(costOf(1200, null)).toBeNull();
  });
});

describe("the backbone in use", () => {
  it("is the pretrained one; a trained model of the same name can be changed back", () => {
    expect(isInUse("lite0", inUse())).toBe(true);
    expect(isInUse("lite0", inUse({ trained: true }))).toBe(false);
    expect(isInUse("vit", inUse())).toBe(false);
    expect(isInUse("lite0", undefined)).toBe(false);
  });
});

describe("a typed name", () => {
  it("has letters, digits, dots, dashes and underscores", () => {
    expect(couldBeName("convnext_tiny.dinov3_lvd1689m")).toBe(true);
    for (const text of ["", "a b", "../a", "hf-hub:a/b", "x".repeat(201)])
      expect(couldBeName(text)).toBe(false);
  });
});
