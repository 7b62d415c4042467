import { lazy, Suspense, useState } from "react";
import { Trigger } from "../../components/Trigger";
import { BellFace, type BellProps, useUnread } from "./BellFace";
import styles from "./notifications.module.css";

const Opening = lazy(() => import("./OpeningBell"));

/** The bell of the shell: how much is new at once, and the newest at a click, from a moment after the page. */
export function Bell(props: BellProps) {
  const [wanted, setWanted] = useState(false);
  const { label, number } = useUnread();
  const waiting = (
    <button
      type="button"
      className={styles.bell}
      data-compact={props.compact || undefined}
      data-testid="bell"
      aria-haspopup
      onClick={() => setWanted(true)}
    >
      <Trigger label={label}>
        <BellFace compact={props.compact} number={number} />
      </Trigger>
    </button>
  );
  return (
    <Suspense fallback={waiting}>
      <Opening {...props} wanted={wanted} />
    </Suspense>
  );
}
