/** What is told of a backbone: how fast it is here, what changing to it costs, and which one a typed name means. */
import type { BackboneInUse } from "../../api/backbones";
import type { BackbonePreset } from "../../api/types";

export interface Pace {
  rate: number;
  /** Measured alone, or taken from a job that embedded pictures. */
  source: "measured" | "embedding";
  device: string;
}

/** How fast a backbone is here: as measured on the fastest machine, else as the last job embedded with it. */
export function paceOf(
  name: string,
  presets: BackbonePreset[],
  inUse: BackboneInUse | undefined,
): Pace | null {
  const best = presets.find((preset) => preset.name === name)?.rates[0];
  if (best) return { rate: best.images_per_second, source: "measured", device: best.device };
  if (inUse?.backbone === name && inUse.images_per_second)
    return { rate: inUse.images_per_second, source: "embedding", device: "" };
  return null;
}

/** Seconds that embedding all pictures will take; null where nobody knows. */
export function costOf(pictures: number, pace: Pace | null): number | null {
  return pace ? pictures / pace.rate : null;
}

/** "7.3" or "112": two digits are enough to choose by. */
export function roundedRate(rate: number): number {
  return rate < 10 ? Math.round(rate * 10) / 10 : Math.round(rate);
}

/** Whether a backbone is what the project has already, as it can be downloaded. */
export function isInUse(name: string, inUse: BackboneInUse | undefined): boolean {
  return inUse !== undefined && inUse.backbone === name && !inUse.trained;
}

/** Whether the text can be the name of a timm model; whether there is such a model only a worker knows. */
export function couldBeName(text: string): boolean {
  return /^[A-Za-z0-9_.-]{1,200}$/.test(text);
}
