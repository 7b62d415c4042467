/** Whether the browser has a network, and how much work is kept here until the server has it. */
import { useSyncExternalStore } from "react";

interface Report {
  items: number;
  reached: boolean;
}

const reports = new Map<string, Report>();
let kept = 0;
let unreachable = false;
const listeners = new Set<() => void>();

function publish(): void {
  for (const listener of listeners) listener();
}

/** Called by everyone who keeps work: how many items wait, and whether the last try reached the server. */
export function reportKept(items: number, reached: boolean, what = "answers"): void {
  reports.set(what, { items, reached });
  const all = [...reports.values()];
  const now = { kept: all.reduce((sum, one) => sum + one.items, 0), out: all.some((one) => !one.reached) };
  if (kept === now.kept && unreachable === now.out) return;
  kept = now.kept;
  unreachable = now.out;
  publish();
}

window.addEventListener("online", publish);
window.addEventListener("offline", publish);

export function useConnection(): { online: boolean; kept: number } {
  const subscribe = (listener: () => void) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  };
  const items = useSyncExternalStore(subscribe, () => kept);
  const online = useSyncExternalStore(subscribe, () => navigator.onLine && !unreachable);
  return { online, kept: items };
}
