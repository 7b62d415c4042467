import { useTranslation } from "react-i18next";
import { usePresets } from "../../api/queries";
import type { BackbonePreset, Project } from "../../api/types";
import { SelectField, TextField } from "../../components/Field";
import { percent } from "../../messages/i18n";
import styles from "./project.module.css";

export type Learning = Pick<
  Project,
  "backbone" | "target_per_class" | "refresh_every" | "strategy" | "reserve_share"
>;

interface Props {
  value: Learning;
  onChange: (change: Partial<Learning>) => void;
  errors: Record<string, string[]>;
}

/** What a preset costs and gives, in one line. */
function presetNote(preset: BackbonePreset | undefined): string | undefined {
  if (!preset) return undefined;
  const size = preset.params_m ? `${preset.params_m} M` : "";
  return [size, preset.input_px ? `${preset.input_px} px` : "", preset.hardware, preset.note]
    .filter(Boolean)
    .join(" · ");
}

export function BackboneField({ value, onChange, errors, fixed }: Props & { fixed?: boolean }) {
  const { t } = useTranslation();
  const { data: presets } = usePresets();
  const backbones = presets?.backbones ?? [];
  const chosen = backbones.find((preset) => preset.name === value.backbone);
  return (
    <SelectField
      label={t("projects.backbone")}
      hint={presetNote(chosen) ?? t("projects.backboneHint")}
      errors={errors.backbone}
      value={value.backbone}
      disabled={fixed}
      onChange={(event) => onChange({ backbone: event.target.value })}
    >
      {!chosen && <option value={value.backbone}>{value.backbone || t("projects.backboneDefault")}</option>}
      {backbones.map((preset) => (
        <option key={preset.name} value={preset.name} disabled={!preset.available}>
          {preset.available ? preset.title : t("projects.unavailable", { name: preset.title })}
        </option>
      ))}
    </SelectField>
  );
}

export function LearningFields({ value, onChange, errors }: Props) {
  const { t } = useTranslation();
  const { data: presets } = usePresets();
  const strategies = presets?.strategies ?? [];
  const strategy = strategies.find((preset) => preset.name === value.strategy);
  return (
    <>
      <div className={styles.two}>
        <TextField
          label={t("projects.refreshEvery")}
          hint={t("projects.refreshEveryHint")}
          type="number"
          min={1}
          required
          value={value.refresh_every}
          errors={errors.refresh_every}
          onChange={(event) => onChange({ refresh_every: event.target.valueAsNumber || 1 })}
        />
        <TextField
          label={t("projects.reserveShare")}
          hint={t("projects.reserveShareHint", { share: percent(value.reserve_share) })}
          type="number"
          min={0}
          max={0.5}
          step={0.01}
          required
          value={value.reserve_share}
          errors={errors.reserve_share}
          onChange={(event) => onChange({ reserve_share: event.target.valueAsNumber || 0 })}
        />
      </div>
      <SelectField
        label={t("projects.strategy")}
        hint={strategy?.when}
        errors={errors.strategy}
        value={value.strategy}
        onChange={(event) => onChange({ strategy: event.target.value })}
      >
        {!strategy && <option value={value.strategy}>{value.strategy}</option>}
        {strategies.map((preset) => (
          <option key={preset.name} value={preset.name}>
            {preset.title}
          </option>
        ))}
      </SelectField>
    </>
  );
}
