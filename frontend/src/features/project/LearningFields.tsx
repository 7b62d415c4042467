import { useTranslation } from "react-i18next";
import { usePresets } from "../../api/queries";
import type { BackbonePreset, Project } from "../../api/types";
import { SelectField, TextField } from "../../components/Field";
import { count, percent } from "../../messages/i18n";
import { roundedRate } from "./backbones";
import styles from "./project.module.css";
import { ControlField, StrategyField } from "./StrategyField";

export type Learning = Pick<
  Project,
  "backbone" | "target_per_class" | "refresh_every" | "strategy" | "control_share" | "reserve_share"
>;

interface Props {
  value: Learning;
  onChange: (change: Partial<Learning>) => void;
  errors: Record<string, string[]>;
}

/** What a preset costs and gives, in one line. */
function usePresetNote(preset: BackbonePreset | undefined): string {
  const { t } = useTranslation();
  if (!preset) return t("projects.backboneHint");
  const rate = preset.rates[0]?.images_per_second;
  return [
    preset.params_m ? t("backbone.millions", { number: count(preset.params_m) }) : "",
    t("backbone.pixels", { px: preset.input_px }),
    t(`backbone.hardware.${preset.hardware}`),
    rate ? t("backbone.perSecond", { rate: count(roundedRate(rate)) }) : "",
  ]
    .filter(Boolean)
    .join(" · ");
}

export function BackboneField({ value, onChange, errors }: Props) {
  const { t } = useTranslation();
  const { data: presets } = usePresets();
  const backbones = presets?.backbones ?? [];
  const chosen = backbones.find((preset) => preset.name === value.backbone);
  return (
    <SelectField
      label={t("projects.backbone")}
      hint={usePresetNote(chosen)}
      errors={errors.backbone}
      value={value.backbone}
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

export function LearningFields({ value, onChange, errors, project }: Props & { project?: number }) {
  const { t } = useTranslation();
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
      <StrategyField value={value} onChange={onChange} errors={errors} />
      <ControlField value={value} onChange={onChange} errors={errors} project={project} />
    </>
  );
}
