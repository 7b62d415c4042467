import { useTranslation } from "react-i18next";
import type { Command } from "../../commands/registry";
import { useAllCommands } from "../../commands/useCommands";
import { Dialog } from "../../components/Dialog";
import { KeyCaps } from "../../components/KeyCaps";
import { showOverlay } from "../../components/overlays";
import { SearchList } from "../../components/SearchList";
import styles from "./shell.module.css";

/** Ctrl-K: every command that can run now, by a few letters of its name. */
export function Palette() {
  const { t } = useTranslation();
  const commands = useAllCommands().filter((command) => !command.hidden && (command.when?.() ?? true));
  const close = () => showOverlay(null);
  return (
    <Dialog title={t("nav.search")} look="palette" bare onClose={close}>
      <SearchList<Command>
        autoFocus
        items={commands}
        text={(command) => `${command.label} ${command.group}`}
        itemKey={(command) => command.id}
        label={t("nav.search")}
        placeholder={t("palette.placeholder")}
        empty={t("palette.empty")}
        onLeave={close}
        onPick={(command) => command.run()}
        render={(command) => (
          <>
            <span className={styles.commandGroup}>{command.group}</span>
            <span className={styles.commandLabel}>{command.label}</span>
            <KeyCaps keys={command.keys?.slice(0, 1)} />
          </>
        )}
      />
    </Dialog>
  );
}
