import { lazy, type ReactNode, Suspense, useState } from "react";
import styles from "./Menu.module.css";
import { Trigger } from "./Trigger";

const Opening = lazy(() => import("./OpeningMenu"));

export interface MenuEntry {
  id: string;
  label: string;
  run: () => void;
  checked?: boolean;
  icon?: ReactNode;
}

export interface MenuGroup {
  id: string;
  title?: string;
  entries: MenuEntry[];
}

export interface MenuProps {
  label: string;
  /** The trigger's own text names it well enough. */
  named?: boolean;
  trigger: ReactNode;
  groups: MenuGroup[];
  className?: string;
}

/** A button that opens a list of actions. The button is there at once; the list comes a moment after the page. */
export function Menu(props: MenuProps) {
  const [open, setOpen] = useState(false);
  const { label, named = false, trigger, className } = props;
  const waiting = (
    <button
      type="button"
      aria-haspopup
      className={[styles.trigger, className].filter(Boolean).join(" ")}
      onClick={() => setOpen(true)}
    >
      <Trigger label={label} named={named}>
        {trigger}
      </Trigger>
    </button>
  );
  return (
    <Suspense fallback={waiting}>
      <Opening {...props} open={open} />
    </Suspense>
  );
}
