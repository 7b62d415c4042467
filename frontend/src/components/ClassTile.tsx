import styles from "./ClassTile.module.css";

interface Tiled {
  name: string;
  color: number;
  hotkey: string;
}

/** The coloured square that stands for a class everywhere, bearing its letter. */
export function ClassTile({ of, size = "m" }: { of: Tiled; size?: "s" | "m" | "l" }) {
  const index = of.color % 12;
  return (
    <span
      aria-hidden
      className={styles.tile}
      data-size={size}
      data-letter={of.hotkey ? undefined : "none"}
      style={{ background: `var(--class-${index})`, color: `var(--ink-${index})` }}
    >
      {of.hotkey ? of.hotkey.toUpperCase() : ([...of.name][0] ?? "·")}
    </span>
  );
}
