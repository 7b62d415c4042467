import { useId } from "react";
import { useTranslation } from "react-i18next";
import type { Project } from "../../api/types";
import styles from "./labelmode.module.css";

type Mode = Project["label_mode"];

/** Whether a picture has one label or several; chosen once, when the project is made. */
export function LabelModeField({ value, onChange }: { value: Mode; onChange: (mode: Mode) => void }) {
  const { t } = useTranslation();
  const id = useId();
  const choices: [Mode, string, string][] = [
    ["single", t("projects.oneLabel"), t("projects.oneLabelHint")],
    ["multi", t("projects.severalLabels"), t("projects.severalLabelsHint")],
  ];
  return (
    <fieldset className={styles.modes} aria-describedby={id}>
      <legend>{t("projects.labelMode")}</legend>
      {choices.map(([mode, title, hint]) => (
        <label key={mode} className={styles.mode} data-chosen={mode === value || undefined}>
          <input
            type="radio"
            name="label_mode"
            value={mode}
            checked={mode === value}
            onChange={() => onChange(mode)}
          />
          <span>
            <b>{title}</b>
            <small>{hint}</small>
          </span>
        </label>
      ))}
      <p id={id} className={styles.note}>
        {t("projects.labelModeHint")}
      </p>
    </fieldset>
  );
}

/** The same, where it can only be read. */
export function LabelModeFact({ value }: { value: Mode }) {
  const { t } = useTranslation();
  const several = value === "multi";
  return (
    <p className={styles.fact} data-testid="label-mode" data-mode={value}>
      <span>{t("projects.labelMode")}</span>
      <b>{several ? t("projects.severalLabels") : t("projects.oneLabel")}</b>
      <small>{several ? t("projects.severalLabelsHint") : t("projects.oneLabelHint")}</small>
    </p>
  );
}
