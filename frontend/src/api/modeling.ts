/** The shapes of training runs, models and schedules, by the product's names; made from the generated schema. */
import type { components } from "./schema";

type Schemas = components["schemas"];

/** The schema calls a field with a default optional even in answers, where it always is. */
type Complete<T> = { [K in keyof T]-?: T[K] };

export type Person = Schemas["Person"];
export type Preset = Schemas["PresetEnum"];
export type Phase = Schemas["PhaseEnum"];
export type Cause = Schemas["CauseEnum"];
export type Outcome = Schemas["OutcomeEnum"];

/** A recipe's settings as JSON nests them. The schema names each; the pages treat them alike. */
export type RecipeValue = number | boolean | string;
export type Recipe = { [name: string]: RecipeValue | Recipe };

export type RecipeField = Omit<Schemas["RecipeSetting"], "default"> & { default: RecipeValue };

export interface Recipes {
  presets: { name: Preset; sentence: string; recipe: Recipe }[];
  fields: RecipeField[];
}

export type Run = Complete<Schemas["Run"]>;
export type RunDetail = Complete<Omit<Schemas["RunDetail"], "recipe" | "overrides">> & {
  recipe: Recipe;
  overrides: Recipe;
};

export type ModelState = Schemas["ModelStateEnum"];
export type Model = Complete<Schemas["Model"]>;
export type ModelDetail = Complete<Schemas["ModelDetail"]>;
export type Gate = Schemas["Gate"];
export type GateDetail = Schemas["GateDetail"];
export type Reason = Schemas["Reason"];
export type Assessment = Schemas["Assessment"];
export type Part = "blind" | "test";
export type CellPicture = Schemas["CellPicture"];
export type ModelingSettings = Complete<Schemas["ModelingSettings"]>;

/** What a model says of a picture that somebody tried: the result of the job. */
export interface Tried {
  top: { class: number; name: string; confidence: number }[];
  ms: number;
}

export type Firing = Schemas["Firing"];
export type Schedule = Complete<Omit<Schemas["Schedule"], "recipe">> & { recipe: Recipe };
export type ScheduleDraft = Partial<Omit<Schemas["NewScheduleRequest"], "recipe">> & { recipe?: Recipe };
