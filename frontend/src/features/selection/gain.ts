/** What a measurement says in short, and where its chart's points lie. */
import type { GainPoint, MeasuredGain, Saving } from "../../api/selection";

const fewest = 16;

/**
 * The saving at the most random labels of which the arm holds more than one draw: the interval at all of its labels
 * knows nothing of the luck with which they were drawn.
 */
export function headline(gain: MeasuredGain): Saving | null {
  const drawn = gain.savings.findLast(({ n }) => n >= fewest && n < gain.control);
  return drawn ?? gain.savings.at(-1) ?? null;
}

/** The share of labels that a strategy saves; negative where it costs more, null where nobody knows. */
export function savedShare({ n, needed }: Pick<Saving, "n" | "needed">): number | null {
  return needed === null ? null : 1 - needed / n;
}

/** Whether the strategy was good enough at its smallest size already: fewer labels were not tried. */
export function atItsFirst(gain: MeasuredGain, { needed }: Pick<Saving, "needed">): boolean {
  return needed !== null && needed <= (gain.strategy_curve[0]?.n ?? 0);
}

export interface Frame {
  width: number;
  height: number;
  left: number;
  right: number;
  top: number;
  bottom: number;
}

export interface Scales {
  x: (labels: number) => number;
  y: (accuracy: number) => number;
  /** Numbers of labels to write under the axis: each twice the one before. */
  counts: number[];
  low: number;
  high: number;
}

/** Labels on a logarithmic axis, accuracy on a linear one that holds every interval. */
export function scales(curves: GainPoint[][], frame: Frame): Scales {
  const points = curves.flat();
  const least = Math.min(...points.map((point) => point.n));
  const most = Math.max(...points.map((point) => point.n), least * 2);
  const low = Math.max(0, Math.floor(Math.min(...points.map((point) => point.low)) * 10) / 10);
  const high = Math.min(1, Math.ceil(Math.max(...points.map((point) => point.high), low + 0.1) * 10) / 10);
  const wide = frame.width - frame.left - frame.right;
  const tall = frame.height - frame.top - frame.bottom;
  const span = Math.log2(most / least);
  const steps = Math.floor(span);
  const every = Math.max(1, Math.ceil((steps + 1) / Math.max(2, Math.floor(wide / 56))));
  const counts = Array.from({ length: steps + 1 }, (_, step) => step)
    .filter((step) => step % every === 0)
    .map((step) => least * 2 ** step);
  return {
    x: (labels) => frame.left + (Math.log2(labels / least) / span) * wide,
    y: (accuracy) => frame.top + (1 - (accuracy - low) / (high - low)) * tall,
    counts,
    low,
    high,
  };
}
