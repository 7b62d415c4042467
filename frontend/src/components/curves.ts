/** Curves of different steps brought onto one axis, as the chart needs them. */

export interface Curve {
  name: string;
  look: "data" | "plain" | "good";
  dashed?: boolean;
  points: { x: number; y: number | null }[];
}

/** One row of x, then one row of y for each curve; null where a curve has no point at that x. */
export function aligned(curves: Curve[]): [number[], ...(number | null)[][]] {
  const xs = [...new Set(curves.flatMap((curve) => curve.points.map((point) => point.x)))].sort(
    (a, b) => a - b,
  );
  const rows = curves.map((curve) => {
    const at = new Map(curve.points.map((point) => [point.x, point.y]));
    return xs.map((x) => at.get(x) ?? null);
  });
  return [xs, ...rows];
}

/** The last known value of a curve, or null while it has none. */
export function latest(curve: Curve): number | null {
  return curve.points.findLast((point) => point.y !== null)?.y ?? null;
}
