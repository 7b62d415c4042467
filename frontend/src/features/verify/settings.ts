/** Which pages a person wants: class, order and mode from the address, the size from this browser. Pure parts. */
import { useCallback, useMemo, useRef, useState } from "react";
import { useSearchParams } from "react-router";
import type { VerifyMode, VerifyOrder, VerifyOverview } from "../../api/verify";
import type { Wanted } from "./desk";

export const leastSize = 12;
export const mostSize = 120;
export const sizeStep = 12;

/** A size as the slider can show it. */
export function asSize(value: number): number {
  const steps = Math.round(value / sizeStep) * sizeStep;
  return Math.min(mostSize, Math.max(leastSize, steps));
}

/** What a browser has kept: a size, or nothing, which means the size that was measured to suit. */
export function readSize(stored: string | null): number | null {
  const value = Number(stored);
  return stored && value > 0 ? asSize(value) : null;
}

/** The class that waits for most: where one begins. */
export function fullestClass(overview: VerifyOverview): number | null {
  const waiting = overview.classes.filter((one) => one.waiting > 0);
  return waiting.reduce((best, one) => (one.waiting > best.waiting ? one : best), waiting[0] ?? noClass)
    .class;
}
const noClass = { class: null as number | null, waiting: 0 };

/** The next class with pictures that wait, in the order of the list, round its end. */
export function neighbourClass(overview: VerifyOverview, from: number | null, step: 1 | -1): number | null {
  const { classes } = overview;
  const at = classes.findIndex((one) => one.class === from);
  for (let away = 1; away <= classes.length; away++) {
    const one = classes[(at + step * away + classes.length * 2) % classes.length];
    if (one && one.waiting > 0) return one.class;
  }
  return null;
}

export function readAddress(search: URLSearchParams): {
  mode: VerifyMode;
  class: number | null;
  order: VerifyOrder | null;
  size: number | null;
} {
  const order = search.get("order");
  return {
    mode: search.get("mode") === "cluster" ? "cluster" : "class",
    class: Number(search.get("class")) || null,
    order: order === "confident" || order === "unsure" ? order : null,
    size: readSize(search.get("size")),
  };
}

export interface Settings {
  wanted: Wanted;
  /** The pages have the size that was measured to suit. */
  adaptive: boolean;
  change: (change: Partial<Wanted>) => void;
}

/** The order that was measured to suit; it changes with the class, never under pages that are being looked at. */
function useSuitableOrder(overview: VerifyOverview, what: string): VerifyOrder {
  const held = useRef({ what, order: overview.order });
  if (held.current.what !== what) held.current = { what, order: overview.order };
  return held.current.order;
}

export function useSettings(project: number, overview: VerifyOverview): Settings {
  const [search, setSearch] = useSearchParams();
  const key = `annotator.verify.size.${project}`;
  const [size, setSize] = useState(() => readSize(localStorage.getItem(key)));
  const address = readAddress(search);
  const first = useMemo(() => fullestClass(overview), [overview]);
  const [begun] = useState(first);
  const label = address.class ?? begun ?? first;
  const { mode } = address;
  const suits = useSuitableOrder(overview, `${mode} ${label}`);
  const order = address.order ?? suits;
  const asked = address.size ?? size ?? (overview.adaptive ? null : asSize(overview.size));
  const wanted = useMemo<Wanted>(
    () => ({ mode, class: mode === "class" ? label : null, order, size: asked }),
    [mode, label, order, asked],
  );
  const change = useCallback(
    (next: Partial<Wanted>) => {
      if (next.size !== undefined) {
        setSize(next.size);
        if (next.size === null) localStorage.removeItem(key);
        else localStorage.setItem(key, String(next.size));
      }
      setSearch(
        (old) => {
          const params = new URLSearchParams(old);
          if (next.mode) params.set("mode", next.mode);
          if (next.class) params.set("class", String(next.class));
          if (next.order) params.set("order", next.order);
          if (next.size !== undefined) params.delete("size");
          return params;
        },
        { replace: true },
      );
    },
    [key, setSearch],
  );
  return { wanted, adaptive: asked === null, change };
}
