/** A recipe's settings as a form has them: in groups, under dotted names, and only what differs from the preset. */
import type { Recipe, RecipeField, RecipeValue } from "../api/modeling";

export const groups = {
  model: ["backbone", "freeze", "dropout", "drop_path", "ema_decay"],
  steps: [
    "epochs",
    "batch_size",
    "lr",
    "backbone_lr",
    "warmup_epochs",
    "final_lr",
    "weight_decay",
    "clip_norm",
    "watch",
    "patience",
    "precision",
    "seed",
  ],
  classes: ["loss", "focal_gamma", "class_balanced_beta", "label_smoothing", "sampling"],
  pictures: [
    "augmentation.crop_scale",
    "augmentation.flip_horizontal",
    "augmentation.flip_vertical",
    "augmentation.rotation",
    "augmentation.brightness",
    "augmentation.contrast",
    "augmentation.saturation",
    "augmentation.hue",
    "augmentation.randaugment_ops",
    "augmentation.randaugment_magnitude",
  ],
} as const;

export type Group = keyof typeof groups;
export type Flat = Record<string, RecipeValue>;

/** Nested settings under dotted names: augmentation.rotation. */
export function flattened(recipe: Recipe): Flat {
  const flat: Flat = {};
  for (const [name, value] of Object.entries(recipe)) {
    if (typeof value === "object")
      for (const [inner, each] of Object.entries(flattened(value))) flat[`${name}.${inner}`] = each;
    else flat[name] = value;
  }
  return flat;
}

/** Dotted settings as JSON nests them. */
export function nested(flat: Flat): Recipe {
  const recipe: Recipe = {};
  for (const [name, value] of Object.entries(flat)) {
    const [outer = "", inner] = name.split(".");
    if (inner === undefined) recipe[outer] = value;
    else recipe[outer] = { ...(recipe[outer] as Recipe | undefined), [inner]: value };
  }
  return recipe;
}

/** What differs from the preset, nested for the server. */
export function overrides(changes: Flat, preset: Recipe): Recipe {
  const known = flattened(preset);
  return nested(Object.fromEntries(Object.entries(changes).filter(([name, value]) => known[name] !== value)));
}

export type Wrong = "number" | "whole" | "bounds";

/** What is wrong with what was typed for a number; null if nothing is. */
export function wrong(field: RecipeField, value: RecipeValue): Wrong | null {
  if (field.type !== "integer" && field.type !== "number") return null;
  if (typeof value !== "number" || !Number.isFinite(value)) return "number";
  if (field.type === "integer" && !Number.isInteger(value)) return "whole";
  const above = field.low === null || value >= field.low;
  const below = field.high === null || value <= field.high;
  return above && below ? null : "bounds";
}

/** Errors of the server by the setting's name, whether or not it calls it "recipe.<name>". */
export function settingErrors(fields: Record<string, string[]>): Record<string, string[]> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, texts]) => [name.replace(/^recipe\./, ""), texts]),
  );
}
