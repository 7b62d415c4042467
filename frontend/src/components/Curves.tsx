import { useEffect, useRef } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import styles from "./Curves.module.css";
import { aligned, type Curve, latest } from "./curves";
import { useWidth } from "./useWidth";

interface Props {
  label: string;
  curves: Curve[];
  height: number;
  format: (value: number) => string;
  /** Where the y axis must not go beyond, for shares. */
  within?: [number, number];
  xName: string;
}

const looks = { data: "--accent-line", plain: "--fg-3", good: "--good" } as const;
const token = (name: string) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const font = "11px sans-serif";

function axis(size: number, format: (value: number) => string): uPlot.Axis {
  return {
    size,
    font,
    gap: 4,
    stroke: () => token("--fg-3"),
    grid: { stroke: () => token("--line"), width: 1 },
    ticks: { show: false },
    values: (_, splits) => splits.map((value) => (value === null ? "" : format(value))),
  };
}

const told = (value: number | null, format: (value: number) => string) =>
  value === null ? "–" : format(value);

/** The last value of a curve up to where the cursor is: most curves have no point at every x. */
function before(chart: uPlot, row: number, at: number | null): number | null {
  const values = (chart.data[row] ?? []) as (number | null)[];
  return values.slice(0, (at ?? values.length) + 1).findLast((value) => value !== null) ?? null;
}

/** Without a cursor the legend tells the end of the curves. */
function restLegend(chart: uPlot): void {
  const last = chart.data[0].length - 1;
  if (last >= 0 && chart.cursor.idx == null) chart.setLegend({ idx: last }, false);
}

/** The range of the y axis: what is drawn and a little air, but nothing that cannot be. */
function range(within: [number, number] | undefined): uPlot.Range.Function {
  return (_, low, high) => {
    if (low === null || high === null) return within ?? [0, 1];
    const air = (high - low || Math.abs(high) || 1) * 0.08;
    const [least, most] = within ?? [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
    return [Math.max(low - air, least), Math.min(high + air, most)];
  };
}

function options({ curves, height, format, within, xName }: Props, width: number): uPlot.Options {
  return {
    width,
    height,
    scales: { x: { time: false }, y: { range: range(within) } },
    axes: [axis(24, (value) => String(value)), axis(52, format)],
    cursor: { y: false, drag: { x: false, y: false }, points: { size: 6 } },
    legend: { markers: { width: 2 } },
    hooks: { setCursor: [restLegend], ready: [restLegend], setData: [restLegend] },
    series: [
      { label: xName },
      ...curves.map(({ name, look, dashed }): uPlot.Series => {
        return {
          label: name,
          width: 1.5,
          dash: dashed ? [4, 3] : undefined,
          stroke: () => token(looks[look]),
          spanGaps: true,
          points: { size: 4 },
          value: (chart, value, row, at) => told(value ?? before(chart, row, at), format),
        };
      }),
    ],
  };
}

/** Curves that grow while one looks on; pointing at them tells their values. */
export function Curves(props: Props) {
  const [ref, width] = useWidth();
  const chart = useRef<uPlot | null>(null);
  const { curves, height, label, format } = props;
  const shape = curves.map((curve) => curve.name).join("|");
  const drawn = useRef(props);
  drawn.current = props;

  // biome-ignore lint/correctness/useExhaustiveDependencies: made anew only for another size or set of curves
  useEffect(() => {
    if (!ref.current || width === 0) return;
    const made = new uPlot(options(drawn.current, width), aligned(drawn.current.curves), ref.current);
    chart.current = made;
    const themes = new MutationObserver(() => made.redraw());
    themes.observe(document.documentElement, { attributeFilter: ["data-theme"] });
    return () => {
      themes.disconnect();
      made.destroy();
      chart.current = null;
    };
  }, [width, height, shape, ref]);
  useEffect(() => chart.current?.setData(aligned(curves)), [curves]);

  const ends = curves.map((curve) => `${curve.name} ${told(latest(curve), format)}`);
  return (
    <div
      ref={ref}
      className={styles.chart}
      role="img"
      aria-label={`${label}: ${ends.join(", ")}`}
      style={{ minHeight: height + 28 }}
    />
  );
}
