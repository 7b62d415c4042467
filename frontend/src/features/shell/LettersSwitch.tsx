import { useTranslation } from "react-i18next";
import { useKeymap } from "../../commands/useCommands";
import styles from "./shell.module.css";
import { useSaveKeymap } from "./useOwnKeys";

/** Keys of a single letter can be switched off (WCAG 2.1.4): speech input types letters. */
export function LettersSwitch() {
  const { t } = useTranslation();
  const keymap = useKeymap();
  const save = useSaveKeymap();
  return (
    <label className={styles.switch}>
      <input
        type="checkbox"
        checked={keymap.letters}
        onChange={(event) => save({ ...keymap, letters: event.target.checked })}
      />
      {t("keys.single")}
    </label>
  );
}
