/** The button and its list, in a file of their own that no page waits for. */
import { Check } from "lucide-react";
import {
  Button as AriaButton,
  Menu as AriaMenu,
  Header,
  MenuItem,
  MenuSection,
  MenuTrigger,
  Popover,
} from "react-aria-components";
import type { MenuProps } from "./Menu";
import styles from "./Menu.module.css";
import { Trigger } from "./Trigger";

/** `open` says that it was asked for before it was here. */
export default function OpeningMenu({
  label,
  trigger,
  groups,
  className,
  named = false,
  open,
}: MenuProps & { open: boolean }) {
  const entries = groups.flatMap((group) => group.entries);
  return (
    <MenuTrigger defaultOpen={open}>
      <AriaButton className={[styles.trigger, className].filter(Boolean).join(" ")}>
        <Trigger label={label} named={named}>
          {trigger}
        </Trigger>
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
