import { RotateCcw } from "lucide-react";
import { useEffect, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { recordedKey } from "../../commands/keyboard";
import { clashes, setKeys, takeKey } from "../../commands/keymap";
import { type Command, registry } from "../../commands/registry";
import { useKeymap } from "../../commands/useCommands";
import { Button, IconButton } from "../../components/Button";
import { Dialog, DialogActions } from "../../components/Dialog";
import { KeyCaps } from "../../components/KeyCaps";
import { showOverlay } from "../../components/overlays";
import { grouped } from "./KeysSheet";
import styles from "./keyboard.module.css";
import { LettersSwitch } from "./LettersSwitch";
import { useSaveKeymap } from "./useOwnKeys";

/** Hears the next key as the new key of a command; Escape leaves everything as it is. */
function useRecording(command: Command | null, onKey: (key: string | null) => void): void {
  useEffect(() => {
    if (!command) return;
    const hear = (event: KeyboardEvent) => {
      if (event.key === "Tab") return onKey(null);
      const key = recordedKey(event);
      if (key === null) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      onKey(key === "escape" ? null : key);
    };
    window.addEventListener("keydown", hear, { capture: true });
    return () => window.removeEventListener("keydown", hear, { capture: true });
  }, [command, onKey]);
}

interface Asked {
  command: Command;
  key: string;
  others: Command[];
}

function Clash({ asked, onTake, onLeave }: { asked: Asked; onTake: () => void; onLeave: () => void }) {
  const { t } = useTranslation();
  return (
    <div className={styles.clash} role="alert">
      <p>
        <KeyCaps keys={[asked.key]} />{" "}
        {t("keys.clash", { other: asked.others.map((other) => other.label).join(", ") })}
      </p>
      <Button size="s" look="primary" onClick={onTake}>
        {t("keys.take", { name: asked.command.label })}
      </Button>
      <Button size="s" onClick={onLeave}>
        {t("common.cancel")}
      </Button>
    </div>
  );
}

interface RowProps {
  command: Command;
  recording: boolean;
  onRecord: () => void;
  onReset: () => void;
  onClear: () => void;
}

function Row({ command, recording, onRecord, onReset, onClear }: RowProps) {
  const { t } = useTranslation();
  return (
    <li className={styles.row} data-testid="key-row" data-command={command.id}>
      <span className={styles.name}>{command.label}</span>
      <button
        type="button"
        className={styles.record}
        data-recording={recording || undefined}
        onClick={onRecord}
        onKeyDown={(event) => {
          if (event.key === "Delete") onClear();
        }}
      >
        <span className="visually-hidden">{t("keys.recordFor", { name: command.label })} </span>
        {recording ? (
          t("keys.press")
        ) : command.keys?.length ? (
          <KeyCaps keys={command.keys} />
        ) : (
          t("keys.none")
        )}
      </button>
      {command.defaults ? (
        <IconButton label={t("keys.resetOne", { name: command.label })} onClick={onReset}>
          <RotateCcw size={14} strokeWidth={1.5} />
        </IconButton>
      ) : (
        <span className={styles.blank} />
      )}
    </li>
  );
}

/** Own keys: choose a command, press the key that it shall have. */
export function KeyboardDialog() {
  const { t } = useTranslation();
  const keymap = useKeymap();
  const save = useSaveKeymap();
  const [recording, setRecording] = useState<Command | null>(null);
  const [asked, setAsked] = useState<Asked | null>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the registry's answer follows the keymap
  const commands = useMemo(
    () => registry.known().filter((command) => command.keys?.length || command.defaults || !command.hidden),
    [keymap],
  );
  const hear = useMemo(
    () => (key: string | null) => {
      setRecording(null);
      if (!recording || key === null) return;
      const others = clashes(registry.known(), recording.id, key);
      if (others.length) setAsked({ command: recording, key, others });
      else save(setKeys(registry.keymap, recording, [key]));
    },
    [recording, save],
  );
  useRecording(recording, hear);
  const take = ({ command, key }: Asked) => {
    save(takeKey(keymap, registry.known(), command, key));
    setAsked(null);
  };
  return (
    <Dialog title={t("keys.settings")} look="wide" onClose={() => showOverlay(null)}>
      <p className={styles.hint}>{t("keys.settingsHint")}</p>
      {asked && <Clash asked={asked} onTake={() => take(asked)} onLeave={() => setAsked(null)} />}
      <div className={styles.groups} data-testid="keyboard-settings">
        {grouped(commands).map(([group, list]) => (
          <section key={group}>
            <h3>{group}</h3>
            <ul>
              {list.map((command) => (
                <Row
                  key={command.id}
                  command={command}
                  recording={recording?.id === command.id}
                  onRecord={() => {
                    setAsked(null);
                    setRecording(command);
                  }}
                  onReset={() => save(setKeys(keymap, command, command.defaults ?? []))}
                  onClear={() => save(setKeys(keymap, command, []))}
                />
              ))}
            </ul>
          </section>
        ))}
      </div>
      <LettersSwitch />
      <DialogActions>
        <Button disabled={!Object.keys(keymap.keys).length} onClick={() => save({ ...keymap, keys: {} })}>
          {t("keys.resetAll")}
        </Button>
        <Button look="primary" onClick={() => showOverlay(null)}>
          {t("keys.done")}
        </Button>
      </DialogActions>
    </Dialog>
  );
}
