import { useMemo } from "react";
import { ClassTile } from "../../components/ClassTile";
import { ClassSearch } from "./ClassSearch";
import { DeskButton } from "./DeskButton";
import type { PanelProps } from "./Panel";
import styles from "./panel.module.css";

/** Chips beside the ranked ones; beyond this many the search field is the way. */
const chipsShown = 14;
const chipsAlone = 24;

export function Chips({ desk, task, classes, search }: PanelProps) {
  const rest = useMemo(() => {
    const ranked = new Set(task.suggestion?.top.map((one) => one.class));
    const others = classes.filter((one) => !ranked.has(one.id));
    const limit = task.suggestion ? chipsShown : chipsAlone;
    if (others.length <= limit) return others;
    return [...others].sort((a, b) => Number(!a.hotkey) - Number(!b.hotkey)).slice(0, limit);
  }, [classes, task.suggestion]);
  const more = classes.length > chipsAlone;
  const field = (
    <div className={styles.search} data-first={more || undefined}>
      <ClassSearch desk={desk} classes={classes} search={search} />
    </div>
  );
  return (
    <div className={styles.chips}>
      {more && field}
      {rest.map((one) => (
        <DeskButton
          key={one.id}
          className={styles.chip}
          data-testid="class-chip"
          title={one.description || undefined}
          onClick={() => desk.label(one.id)}
        >
          <ClassTile of={one} />
          <span className={styles.chipName}>{one.name}</span>
        </DeskButton>
      ))}
      {!more && field}
    </div>
  );
}
