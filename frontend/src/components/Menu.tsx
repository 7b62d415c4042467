import { Check } from "lucide-react";
import type { ReactNode } from "react";
import {
  Button as AriaButton,
  Menu as AriaMenu,
  Header,
  MenuItem,
  MenuSection,
  MenuTrigger,
  Popover,
} from "react-aria-components";
import styles from "./Menu.module.css";

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

/** A button that opens a list of actions. `named` says that the trigger's own text names it well enough. */
export function Menu({
  label,
  trigger,
  groups,
  className,
  named = false,
}: {
  label: string;
  named?: boolean;
  trigger: ReactNode;
  groups: MenuGroup[];
  className?: string;
}) {
  const entries = groups.flatMap((group) => group.entries);
  return (
    <MenuTrigger>
      <AriaButton
        aria-label={named ? undefined : label}
        className={[styles.trigger, className].filter(Boolean).join(" ")}
      >
        {trigger}
      </AriaButton>
      <Popover className={styles.popover}>
        <AriaMenu
          className={styles.menu}
          aria-label={label}
          onAction={(key) => entries.find((entry) => entry.id === key)?.run()}
        >
          {groups
            .filter((group) => group.entries.length)
            .map((group) => (
              <MenuSection key={group.id} className={styles.section} aria-label={group.title ?? label}>
                {group.title && <Header className={styles.header}>{group.title}</Header>}
                {group.entries.map((entry) => (
                  <MenuItem key={entry.id} id={entry.id} textValue={entry.label} className={styles.item}>
                    {entry.icon}
                    <span className={styles.text}>{entry.label}</span>
                    {entry.checked && <Check size={14} strokeWidth={1.5} aria-hidden />}
                  </MenuItem>
                ))}
              </MenuSection>
            ))}
        </AriaMenu>
      </Popover>
    </MenuTrigger>
  );
}
