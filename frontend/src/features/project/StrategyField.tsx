import { useId, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { usePresets } from "../../api/queries";
import type { Project } from "../../api/types";
import { TextField } from "../../components/Field";
import { percent } from "../../messages/i18n";
import { type Group, grouped, type Strategy, strategyWords } from "./strategies";
import styles from "./strategy.module.css";

export type Choosing = Pick<Project, "strategy" | "control_share">;

interface Props {
  value: Choosing;
  onChange: (change: Partial<Choosing>) => void;
  errors: Record<string, string[]>;
}

function Option({
  strategy,
  field,
  chosen,
  onChoose,
}: {
  strategy: Strategy;
  field: string;
  chosen: boolean;
  onChoose: () => void;
}) {
  const { t } = useTranslation();
  const words = strategyWords(t, strategy);
  return (
    <label
      className={styles.option}
      data-chosen={chosen || undefined}
      data-testid={`strategy-${strategy.name}`}
    >
      <input type="radio" name={field} value={strategy.name} checked={chosen} onChange={onChoose} />
      <span>
        <b>{words.title}</b>
        <span className={styles.when}>{words.when || t("strategies.notOffered")}</span>
      </span>
    </label>
  );
}

/** Every way to choose the next pictures with when to use it; all but the recommended one are folded away at first. */
export function StrategyField({ value, onChange, errors }: Props) {
  const { t } = useTranslation();
  const field = useId();
  const { data: presets } = usePresets();
  const [open, setOpen] = useState<boolean | null>(null);
  const parts = grouped(presets?.strategies ?? [], value.strategy);
  const [first, ...others] = parts;
  const folded = first?.[0] === "recommended" ? others : parts;
  const shown = first?.[0] === "recommended" ? first[1] : [];
  const group = ([name, own]: [Group, Strategy[]]) => (
    <fieldset key={name} className={styles.group}>
      <legend>{t(`strategies.group.${name}`)}</legend>
      <div className={styles.options}>{own.map(option)}</div>
    </fieldset>
  );
  const option = (strategy: Strategy) => (
    <Option
      key={strategy.name}
      strategy={strategy}
      field={field}
      chosen={strategy.name === value.strategy}
      onChoose={() => onChange({ strategy: strategy.name })}
    />
  );
  const count = folded.reduce((sum, [, own]) => sum + own.length, 0);
  const unfolded = shown.length === 0 || shown.every(({ name }) => name !== value.strategy);
  return (
    <fieldset className={styles.field} data-testid="strategy">
      <legend>{t("projects.strategy")}</legend>
      {errors.strategy && <p className={styles.error}>{errors.strategy.join(" ")}</p>}
      {shown.map(option)}
      {count > 0 && (
        <details
          className={styles.more}
          open={open ?? unfolded}
          onToggle={(event) => setOpen(event.currentTarget.open)}
        >
          <summary>{t("strategies.others", { count })}</summary>
          {folded.map(group)}
        </details>
      )}
    </fieldset>
  );
}

/** The share of every round that is drawn at random, to see what the strategy is worth. */
export function ControlField({ value, onChange, errors, project }: Props & { project?: number }) {
  const { t } = useTranslation();
  const share = Math.round(value.control_share * 100);
  return (
    <TextField
      label={t("strategies.control")}
      hint={
        <>
          {share > 0
            ? t("strategies.controlHint", { share: percent(value.control_share) })
            : t("strategies.controlOff")}{" "}
          {project !== undefined && <Link to={`/projects/${project}/selection`}>{t("selection.title")}</Link>}
        </>
      }
      type="number"
      min={0}
      max={30}
      step={1}
      required
      value={share}
      errors={errors.control_share}
      onChange={(event) => onChange({ control_share: (event.target.valueAsNumber || 0) / 100 })}
    />
  );
}
