import { Check, CloudDownload, TriangleAlert } from "lucide-react";
import { useId } from "react";
import { useTranslation } from "react-i18next";
import type { BackboneInUse } from "../../api/backbones";
import type { BackbonePreset } from "../../api/types";
import { Badge } from "../../components/Badge";
import { Table } from "../../components/Table";
import { count } from "../../messages/i18n";
import styles from "./Backbone.module.css";
import { isInUse, type Pace, paceOf, roundedRate } from "./backbones";

const looks = {
  at_hand: ["good", Check],
  download: ["accent", CloudDownload],
  missing: ["warn", TriangleAlert],
} as const;

function Weights({ status }: { status: BackbonePreset["weights"] }) {
  const { t } = useTranslation();
  const [tone, icon] = looks[status];
  return (
    <Badge tone={tone} icon={icon}>
      {t(`backbone.weights.${status}`)}
    </Badge>
  );
}

function Speed({ pace }: { pace: Pace | null }) {
  const { t } = useTranslation();
  if (!pace) return <span className={styles.quiet}>{t("backbone.notMeasured")}</span>;
  return (
    <span title={pace.device || undefined}>
      {t("backbone.perSecond", { rate: count(roundedRate(pace.rate)) })}
      {pace.source === "embedding" && <span className={styles.sub}>{t("backbone.whileEmbedding")}</span>}
    </span>
  );
}

interface RowProps {
  preset: BackbonePreset;
  field: string;
  chosen: boolean;
  present: boolean;
  disabled: boolean;
  pace: Pace | null;
  onChoose: () => void;
}

function Row({ preset, field, chosen, present, disabled, pace, onChoose }: RowProps) {
  const { t } = useTranslation();
  return (
    <tr data-testid={`backbone-${preset.name}`} data-chosen={chosen || undefined}>
      <td className={styles.name}>
        <label>
          <input
            type="radio"
            name={field}
            value={preset.name}
            checked={chosen}
            disabled={disabled}
            onChange={onChoose}
          />
          <span>
            <b>{preset.title}</b>
            {present && <Badge tone="accent">{t("backbone.inUse")}</Badge>}
            <span className={styles.sub}>{preset.name}</span>
          </span>
        </label>
      </td>
      <td>{preset.family}</td>
      <td data-number>
        {preset.params_m !== null && t("backbone.millions", { number: count(preset.params_m) })}
      </td>
      <td data-number>{t("backbone.pixels", { px: preset.input_px })}</td>
      <td>{t(`backbone.hardware.${preset.hardware}`)}</td>
      <td data-number>
        <Speed pace={pace} />
      </td>
      <td>
        <Weights status={preset.weights} />
      </td>
    </tr>
  );
}

/** Every backbone on offer with what one chooses by; one row is chosen. */
export function BackboneMatrix({
  presets,
  inUse,
  value,
  disabled = false,
  onChange,
}: {
  presets: BackbonePreset[];
  inUse: BackboneInUse | undefined;
  value: string;
  disabled?: boolean;
  onChange: (name: string) => void;
}) {
  const { t } = useTranslation();
  const field = useId();
  return (
    <div className={styles.matrix}>
      <Table label={t("backbone.title")} stacked>
        <thead>
          <tr>
            <th>{t("backbone.backbone")}</th>
            <th>{t("backbone.family")}</th>
            <th data-number>{t("backbone.params")}</th>
            <th data-number>{t("backbone.input")}</th>
            <th>{t("backbone.suits")}</th>
            <th data-number>{t("backbone.here")}</th>
            <th>{t("backbone.weightsTitle")}</th>
          </tr>
        </thead>
        <tbody>
          {presets.map((preset) => (
            <Row
              key={preset.name}
              preset={preset}
              field={field}
              chosen={preset.name === value}
              present={isInUse(preset.name, inUse)}
              disabled={disabled}
              pace={paceOf(preset.name, presets, inUse)}
              onChoose={() => onChange(preset.name)}
            />
          ))}
        </tbody>
      </Table>
    </div>
  );
}

/** What the weights of the chosen backbone need, and under which licence they are. */
export function WeightsNote({ preset }: { preset: BackbonePreset }) {
  const { t } = useTranslation();
  const named = { file: `${preset.name}.safetensors`, hub: preset.hub };
  return (
    <p className={styles.note}>
      {preset.weights !== "at_hand" && <>{t(`backbone.weightsNote.${preset.weights}`, named)} </>}
      {preset.license && t("backbone.license", { license: preset.license })}
    </p>
  );
}
