import { useState } from "react";
import { useTranslation } from "react-i18next";
import { singleKeys } from "../../commands/keyboard";
import type { Command } from "../../commands/registry";
import { useAllCommands } from "../../commands/useCommands";
import { Dialog } from "../../components/Dialog";
import { showOverlay } from "../../components/overlays";
import { KeyCaps } from "./KeyCaps";
import styles from "./shell.module.css";

function grouped(commands: Command[]): [string, Command[]][] {
  const groups = new Map<string, Command[]>();
  for (const command of commands) {
    if (!command.keys?.length) continue;
    groups.set(command.group, [...(groups.get(command.group) ?? []), command]);
  }
  return [...groups];
}

/** `?`: the keys that work in this room, from the same registry that runs them. */
export function KeysSheet() {
  const { t } = useTranslation();
  const commands = useAllCommands();
  const [single, setSingle] = useState(singleKeys.enabled);
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
                    <KeyCaps keys={command.keys} />
                  </dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
      <label className={styles.switch}>
        <input
          type="checkbox"
          checked={single}
          onChange={(event) => {
            singleKeys.enabled = event.target.checked;
            setSingle(event.target.checked);
          }}
        />
        {t("keys.single")}
      </label>
    </Dialog>
  );
}
