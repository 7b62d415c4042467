import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { allocateHotkeys, colorFor, parseClassNames } from "../../commands/hotkeys";
import { ClassTile } from "../../components/ClassTile";
import { TextArea } from "../../components/Field";
import styles from "./project.module.css";

interface Props {
  label: string;
  text: string;
  onChange: (text: string) => void;
  errors?: string[];
  /** How many classes there are already, and the letters they use. */
  existing?: number;
  taken?: string[];
}

const noLetters: string[] = [];

/** Class names, one a line, with the tile that each of them will get. */
export function ClassNames({ label, text, onChange, errors, existing = 0, taken = noLetters }: Props) {
  const { t } = useTranslation();
  const tiles = useMemo(() => {
    const names = parseClassNames(text);
    const letters = allocateHotkeys(names, taken);
    return names.map((name, index) => ({
      name,
      color: colorFor(existing + index),
      hotkey: letters[index] ?? "",
    }));
  }, [text, existing, taken]);
  const without = tiles.filter((tile) => !tile.hotkey).length;
  return (
    <div className={styles.classesBlock}>
      <TextArea
        label={label}
        hint={t("classes.hint")}
        rows={6}
        value={text}
        errors={errors}
        spellCheck={false}
        placeholder={t("classes.example")}
        onChange={(event) => onChange(event.target.value)}
      />
      <div className={styles.preview} data-testid="class-preview">
        {tiles.map((tile) => (
          <span key={tile.name} className={styles.chip}>
            <ClassTile of={tile} />
            {tile.name}
          </span>
        ))}
      </div>
      {without > 0 && <p className={styles.hint}>{t("classes.withoutLetter", { count: without })}</p>}
    </div>
  );
}
