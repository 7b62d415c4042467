import type { ReactNode } from "react";
import styles from "./Menu.module.css";

/** What a button shows, and its name where that is more than what is seen. */
export function Trigger({
  label,
  named = false,
  children,
}: {
  label: string;
  /** What is seen names it well enough. */
  named?: boolean;
  children: ReactNode;
}) {
  if (named) return children;
  return (
    <>
      <span className="visually-hidden">{label}</span>
      <span className={styles.seen} aria-hidden>
        {children}
      </span>
    </>
  );
}
