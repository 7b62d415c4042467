import type { LucideIcon } from "lucide-react";
import type { ReactNode } from "react";
import styles from "./Badge.module.css";

export type Tone = "plain" | "accent" | "good" | "warn" | "bad";

/** A state in a word on a soft ground, with an icon so that colour is never alone. */
export function Badge({
  tone,
  icon: Icon,
  children,
}: {
  tone: Tone;
  icon?: LucideIcon;
  children: ReactNode;
}) {
  return (
    <span className={styles.badge} data-tone={tone}>
      {Icon && <Icon size={14} strokeWidth={1.5} aria-hidden />}
      {children}
    </span>
  );
}
