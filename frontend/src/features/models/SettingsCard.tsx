import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import type { ModelingSettings } from "../../api/modeling";
import { models, useModelingSettings } from "../../api/modelingCalls";
import { keys } from "../../api/queries";
import { Button } from "../../components/Button";
import { ChoiceField, TextField } from "../../components/Field";
import { Card, FormError, formErrors, Placeholder } from "../../components/Page";
import { mayAs } from "../../components/roles";
import { showToast } from "../../components/toasts";
import { useProjectContext } from "../../components/useProjectContext";
import styles from "./models.module.css";

type Margin = "gate_margin" | "gate_class_drop" | "gate_confidence";

const bounds: Record<Margin, [number, number]> = {
  gate_margin: [0, 100],
  gate_class_drop: [0, 100],
  gate_confidence: [50, 99.9],
};

/** A share as hundredths, without the noise of binary fractions. */
const hundredths = (share: number) => Number((share * 100).toFixed(4));

function MarginField({
  name,
  value,
  onChange,
  errors,
}: {
  name: Margin;
  value: number;
  onChange: (value: number) => void;
  errors?: string[];
}) {
  const { t } = useTranslation();
  const [low, high] = bounds[name];
  return (
    <TextField
      label={t(`models.settings.${name}`)}
      hint={t(`models.settings.${name}_hint`)}
      type="number"
      min={low}
      max={high}
      step="any"
      required
      value={Number.isNaN(value) ? "" : hundredths(value)}
      errors={errors}
      onChange={(event) => onChange(event.target.valueAsNumber / 100)}
    />
  );
}

function Form({ saved }: { saved: ModelingSettings }) {
  const { t } = useTranslation();
  const project = useProjectContext();
  const client = useQueryClient();
  const [changes, setChanges] = useState<Partial<ModelingSettings>>({});
  const value = { ...saved, ...changes };
  const save = useMutation({
    mutationFn: () => models.change(project.id, changes),
    onSuccess: (answer) => {
      client.setQueryData(keys.modelingSettings(project.id), answer);
      setChanges({});
      showToast(t("settings.saved"), { tone: "good" });
    },
  });
  const { fields } = formErrors(save.error);
  const margins: Margin[] = ["gate_margin", "gate_class_drop", "gate_confidence"];
  return (
    <form
      onSubmit={(event: FormEvent) => {
        event.preventDefault();
        save.mutate();
      }}
    >
      <fieldset disabled={!mayAs(project.role, "lead")} className={styles.form}>
        <ChoiceField
          label={t("models.settings.promotion")}
          value={value.promotion}
          choices={(["manual", "automatic"] as const).map((choice) => ({
            value: choice,
            title: t(`models.settings.${choice}`),
            text: t(`models.settings.${choice}_text`),
          }))}
          onChange={(promotion) => setChanges({ ...changes, promotion })}
        />
        <div className={styles.three}>
          {margins.map((name) => (
            <MarginField
              key={name}
              name={name}
              value={value[name]}
              errors={fields[name]}
              onChange={(share) => setChanges({ ...changes, [name]: share })}
            />
          ))}
        </div>
        <FormError error={save.error} />
        {mayAs(project.role, "lead") && (
          <div>
            <Button
              type="submit"
              look="primary"
              disabled={save.isPending || Object.keys(changes).length === 0}
            >
              {t("common.save")}
            </Button>
          </div>
        )}
      </fieldset>
    </form>
  );
}

/** How models are promoted, and what the gate asks of them. */
export function SettingsCard() {
  const { t } = useTranslation();
  const project = useProjectContext();
  const { data, error } = useModelingSettings(project.id);
  return (
    <Card title={t("models.settings.title")}>
      {error && <FormError error={error} />}
      {!data && !error && <Placeholder height={160} />}
      {data && <Form saved={data} />}
    </Card>
  );
}
