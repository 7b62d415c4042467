/** Whether the browser has a network, and how much work is kept here until the server has it. */
import { useSyncExternalStore } from "react";

let kept = 0;
let unreachable = false;
const listeners = new Set<() => void>();

function publish(): void {
  for (const listener of listeners) listener();
}

/** Called by whoever keeps work: how many items wait, and whether the last try reached the server. */
export function reportKept(items: number, reached: boolean): void {
  if (kept === items && unreachable === !reached) return;
  kept = items;
  unreachable = !reached;
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
