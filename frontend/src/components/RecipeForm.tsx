import { useTranslation } from "react-i18next";
import type { Preset, RecipeField, Recipes, RecipeValue } from "../api/modeling";
import { CheckField, ChoiceField, SelectField, TextField } from "./Field";
import styles from "./RecipeForm.module.css";
import { type Flat, flattened, type Group, groups, wrong } from "./recipe";

export interface RecipeChoice {
  preset: Preset;
  changes: Flat;
}

interface Props {
  recipes: Recipes;
  value: RecipeChoice;
  onChange: (value: RecipeChoice) => void;
  errors: Record<string, string[]>;
}

const presets: Preset[] = ["quick", "balanced", "best"];

/** Words of a setting or of one of its choices; what has none is shown as the API names it. */
export function useSettingWords() {
  const { t, i18n } = useTranslation();
  const word = (key: string, fallback: string) => (i18n.exists(key) ? t(key as never) : fallback);
  return {
    name: (name: string): string => word(`training.field.${name}`, name),
    hint: (name: string): string => word(`training.fieldHint.${name}`, ""),
    choice: (choice: RecipeValue): string => word(`training.choice.${choice}`, String(choice)),
  };
}

function SettingField({
  field,
  value,
  preset,
  onChange,
  errors,
}: {
  field: RecipeField;
  value: RecipeValue;
  preset: RecipeValue;
  onChange: (value: RecipeValue) => void;
  errors?: string[];
}) {
  const { t } = useTranslation();
  const words = useSettingWords();
  const label = words.name(field.name);
  const told =
    value === preset
      ? words.hint(field.name)
      : t("training.presetSays", {
          value: typeof preset === "boolean" ? t(`training.onOff.${preset}`) : words.choice(preset),
        });
  if (field.type === "boolean")
    return <CheckField label={label} checked={value === true} onChange={(on) => onChange(on)} />;
  if (field.choices?.length)
    return (
      <SelectField
        label={label}
        hint={told}
        errors={errors}
        value={String(value)}
        onChange={(event) => onChange(event.target.value)}
      >
        {field.choices.map((choice) => (
          <option key={choice} value={choice}>
            {words.choice(choice)}
          </option>
        ))}
      </SelectField>
    );
  const fault = wrong(field, value);
  const found = fault ? [t(`training.wrong.${fault}`, { low: field.low, high: field.high })] : errors;
  const text = field.type === "text";
  return (
    <TextField
      label={label}
      hint={told}
      errors={found}
      type={text ? "text" : "number"}
      step={field.type === "integer" ? 1 : "any"}
      value={typeof value === "number" && Number.isNaN(value) ? "" : String(value)}
      onChange={(event) => onChange(text ? event.target.value : event.target.valueAsNumber)}
    />
  );
}

function Advanced({ recipes, value, onChange, errors }: Props) {
  const { t } = useTranslation();
  const preset = flattened(recipes.presets.find((one) => one.name === value.preset)?.recipe ?? {});
  const fields = new Map(recipes.fields.map((field) => [field.name, field]));
  const grouped = new Set<string>(Object.values(groups).flat());
  const others = recipes.fields.map((field) => field.name).filter((name) => !grouped.has(name));
  const show = (name: string) => {
    const field = fields.get(name);
    if (!field) return null;
    const before = preset[name] ?? field.default;
    return (
      <SettingField
        key={name}
        field={field}
        value={value.changes[name] ?? before}
        preset={before}
        errors={errors[name]}
        onChange={(next) => onChange({ ...value, changes: { ...value.changes, [name]: next } })}
      />
    );
  };
  return (
    <>
      {(Object.keys(groups) as Group[]).map((group) => (
        <fieldset key={group} className={styles.group}>
          <legend>{t(`training.group.${group}`)}</legend>
          <div className={styles.grid}>{groups[group].map(show)}</div>
        </fieldset>
      ))}
      {others.length > 0 && <div className={styles.grid}>{others.map(show)}</div>}
    </>
  );
}

/** How to train: one of the presets, and behind a fold every setting with its bounds. */
export function RecipeForm(props: Props) {
  const { t } = useTranslation();
  const { value, onChange, errors } = props;
  const changed = Object.keys(value.changes).length;
  return (
    <>
      <ChoiceField
        label={t("training.preset")}
        value={value.preset}
        choices={presets.map((preset) => ({
          value: preset,
          title: t(`training.presets.${preset}`),
          text: t(`training.presetText.${preset}`),
        }))}
        onChange={(preset) => onChange({ ...value, preset })}
      />
      <details className={styles.fold} open={Object.keys(errors).length > 0 || undefined}>
        <summary>
          {changed ? t("training.advancedChanged", { count: changed }) : t("training.advanced")}
        </summary>
        <Advanced {...props} />
      </details>
    </>
  );
}
