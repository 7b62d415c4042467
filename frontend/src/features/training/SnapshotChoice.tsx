import { useTranslation } from "react-i18next";
import { useTrainingSnapshots } from "../../api/modelingCalls";
import { CheckField, SelectField, TextField } from "../../components/Field";
import { count, dateTime } from "../../messages/i18n";
import styles from "./training.module.css";

const trusts = ["imported", "page-verified", "human", "reviewed", "gold"] as const;
type Least = (typeof trusts)[number];

export interface Data {
  /** An existing snapshot, or null for one that is frozen when the run begins. */
  snapshot: number | null;
  min_trust: Least;
  include_certified: boolean;
  min_per_class: number | null;
  max_per_class: number | null;
}

export const allLabels: Data = {
  snapshot: null,
  min_trust: "imported",
  include_certified: false,
  min_per_class: null,
  max_per_class: null,
};

const whole = (value: number) => (Number.isNaN(value) ? null : value);

function NewSnapshot({ value, onChange, errors }: Props) {
  const { t } = useTranslation();
  const limit = (name: "min_per_class" | "max_per_class", label: string) => (
    <TextField
      label={label}
      type="number"
      min={1}
      placeholder={t("training.noLimit")}
      value={value[name] ?? ""}
      errors={errors[name] ?? errors[`snapshot_settings.${name}`]}
      onChange={(event) => onChange({ ...value, [name]: whole(event.target.valueAsNumber) })}
    />
  );
  return (
    <details className={styles.fold}>
      <summary>{t("training.whichLabels")}</summary>
      <div className={styles.fields}>
        <SelectField
          label={t("training.minTrust")}
          value={value.min_trust}
          onChange={(event) => onChange({ ...value, min_trust: event.target.value as Least })}
        >
          {trusts.map((trust) => (
            <option key={trust} value={trust}>
              {t(`training.trust.${trust}`)}
            </option>
          ))}
        </SelectField>
        {limit("min_per_class", t("training.minPerClass"))}
        {limit("max_per_class", t("training.maxPerClass"))}
      </div>
      <CheckField
        label={t("training.includeCertified")}
        checked={value.include_certified}
        onChange={(on) => onChange({ ...value, include_certified: on })}
      />
    </details>
  );
}

interface Props {
  project: number;
  value: Data;
  onChange: (value: Data) => void;
  errors: Record<string, string[]>;
}

/** What to train on: the labels as they are when the run begins, or a snapshot that exists. */
export function SnapshotChoice(props: Props) {
  const { t } = useTranslation();
  const { project, value, onChange, errors } = props;
  const { data } = useTrainingSnapshots(project);
  const known = (data?.results ?? []).filter((snapshot) => !snapshot.archived);
  return (
    <>
      <SelectField
        label={t("training.data")}
        hint={value.snapshot === null ? t("training.freezeHint") : t("training.snapshotHint")}
        errors={errors.snapshot}
        value={value.snapshot ?? ""}
        onChange={(event) =>
          onChange({ ...value, snapshot: event.target.value ? Number(event.target.value) : null })
        }
      >
        <option value="">{t("training.freezeNow")}</option>
        {known.map((snapshot) => (
          <option key={snapshot.id} value={snapshot.id}>
            {t("training.snapshotOption", {
              number: snapshot.number,
              name: snapshot.name,
              pictures: count(snapshot.rows),
              when: dateTime(snapshot.created_at),
            })}
          </option>
        ))}
      </SelectField>
      {value.snapshot === null && <NewSnapshot {...props} />}
    </>
  );
}
