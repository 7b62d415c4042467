/** Which of the app-wide overlays is open: at most one. */
import { useSyncExternalStore } from "react";

export type Overlay = "palette" | "keys" | "keyboard" | "nav" | null;

let current: Overlay = null;
const listeners = new Set<() => void>();

export function showOverlay(overlay: Overlay): void {
  current = overlay;
  for (const listener of listeners) listener();
}

export function useOverlay(): Overlay {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => current,
  );
}
