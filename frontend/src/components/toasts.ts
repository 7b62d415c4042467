/** Short messages at the bottom of the page: they stay eight seconds and never take the focus. */
import { useSyncExternalStore } from "react";

export interface ToastAction {
  label: string;
  keyHint?: string;
  run: () => void;
}

export interface Toast {
  id: number;
  text: string;
  tone: "plain" | "good" | "bad";
  actions: ToastAction[];
  /** A toast that asks something stays until it is answered. */
  sticky: boolean;
}

let next = 1;
let toasts: Toast[] = [];
const listeners = new Set<() => void>();

function publish(list: Toast[]): void {
  toasts = list;
  for (const listener of listeners) listener();
}

export function showToast(
  text: string,
  options: { tone?: Toast["tone"]; actions?: ToastAction[]; sticky?: boolean } = {},
): number {
  const id = next++;
  const toast: Toast = {
    id,
    text,
    tone: options.tone ?? "plain",
    actions: options.actions ?? [],
    sticky: options.sticky ?? false,
  };
  const kept = toasts.filter((other) => other.sticky || other.text !== text).slice(-3);
  publish([...kept, toast]);
  return id;
}

export function dismissToast(id: number): void {
  publish(toasts.filter((toast) => toast.id !== id));
}

export function useToasts(): Toast[] {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => toasts,
  );
}
