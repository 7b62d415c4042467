/** Round axis ticks for charts. */

/** Evenly spaced round numbers from 0 or below `low` to at least `high`, about `wanted` of them. */
export function ticks(low: number, high: number, wanted = 5): number[] {
  const span = high - low || 1;
  const rough = span / wanted;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 2.5, 5, 10].find((factor) => factor * power >= rough) ?? 10) * power;
  const first = Math.floor(low / step) * step;
  const list: number[] = [];
  for (let value = first; value < high + step * 0.999; value += step)
    list.push(Number.parseFloat(value.toPrecision(12)));
  return list;
}
