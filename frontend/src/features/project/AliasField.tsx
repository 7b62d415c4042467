import { X } from "lucide-react";
import { type KeyboardEvent, useId, useState } from "react";
import { useTranslation } from "react-i18next";
import styles from "./classes.module.css";

/** Other names of a class as chips: Enter or a comma adds one, Backspace in the empty field takes the last. */
export function AliasField({
  name,
  aliases,
  locked,
  onChange,
}: {
  name: string;
  aliases: string[];
  locked: boolean;
  onChange: (aliases: string[]) => void;
}) {
  const { t } = useTranslation();
  const id = useId();
  const [text, setText] = useState("");
  const add = () => {
    const fresh = text
      .split(",")
      .map((one) => one.trim())
      .filter((one) => one && !aliases.includes(one));
    if (fresh.length) onChange([...aliases, ...fresh]);
    setText("");
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Enter" || event.key === ",") {
      event.preventDefault();
      add();
    } else if (event.key === "Backspace" && !text && aliases.length) onChange(aliases.slice(0, -1));
  };
  return (
    <div className={styles.aliases}>
      <label htmlFor={id}>{t("classes.aliases")}</label>
      <div className={styles.chips}>
        {aliases.map((alias) => (
          <span key={alias} className={styles.chip}>
            {alias}
            {!locked && (
              <button
                type="button"
                aria-label={t("classes.removeAlias", { alias, name })}
                onClick={() => onChange(aliases.filter((one) => one !== alias))}
              >
                <X size={12} strokeWidth={1.5} aria-hidden />
              </button>
            )}
          </span>
        ))}
        {!locked && (
          <input
            id={id}
            aria-describedby={`${id}-hint`}
            value={text}
            maxLength={200}
            onChange={(event) => setText(event.target.value)}
            onKeyDown={onKeyDown}
            onBlur={add}
          />
        )}
      </div>
      <p id={`${id}-hint`} className={styles.hint}>
        {t("classes.aliasesHint")}
      </p>
    </div>
  );
}
