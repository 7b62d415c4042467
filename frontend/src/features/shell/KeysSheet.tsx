import { useTranslation } from "react-i18next";
import type { Command } from "../../commands/registry";
import { useAllCommands } from "../../commands/useCommands";
import { Button } from "../../components/Button";
import { Dialog, DialogActions } from "../../components/Dialog";
import { KeyCaps } from "../../components/KeyCaps";
import { showOverlay } from "../../components/overlays";
import { LettersSwitch } from "./LettersSwitch";
import styles from "./shell.module.css";

/** Commands by their groups, in the order in which the groups are met. */
export function grouped(commands: Command[]): [string, Command[]][] {
  const groups = new Map<string, Command[]>();
  for (const command of commands) {
    const list = groups.get(command.group);
    if (list) list.push(command);
    else groups.set(command.group, [command]);
  }
  return [...groups];
}

/** `?`: the keys that work in this room, from the same registry that runs them. */
export function KeysSheet() {
  const { t } = useTranslation();
  const commands = useAllCommands().filter((command) => command.keys?.length);
  return (
    <Dialog title={t("keys.title")} look="wide" onClose={() => showOverlay(null)}>
      <div className={styles.sheet}>
        {grouped(commands).map(([group, list]) => (
          <section key={group}>
            <h3>{group}</h3>
            <dl>
              {list.map((command) => (
                <div key={command.id} className={styles.keyRow}>
                  <dt>{command.label}</dt>
                  <dd>
                    {command.hold && <small className={styles.hold}>{t("keys.hold")}</small>}
                    <KeyCaps keys={command.keys} />
                  </dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
      <LettersSwitch />
      <DialogActions>
        <Button onClick={() => showOverlay("keyboard")}>{t("keys.change")}</Button>
      </DialogActions>
    </Dialog>
  );
}
