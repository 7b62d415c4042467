import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Recipes, Schedule, ScheduleDraft } from "../../api/modeling";
import { schedules, useRecipes } from "../../api/modelingCalls";
import { keys } from "../../api/queries";
import { Button } from "../../components/Button";
import { Dialog, DialogActions } from "../../components/Dialog";
import { ChoiceField, TextField } from "../../components/Field";
import { Failure, FormError, formErrors, Placeholder } from "../../components/Page";
import { type RecipeChoice, RecipeForm } from "../../components/RecipeForm";
import { flattened, overrides, settingErrors } from "../../components/recipe";
import { CronFields } from "./CronFields";
import { nightly, readCron, type Times, writeCron } from "./cron";
import styles from "./schedules.module.css";
import { TimezoneField } from "./TimezoneField";

interface State {
  name: string;
  kind: Schedule["kind"];
  times: Times;
  timezone: string;
  everyLabels: number;
  choice: RecipeChoice;
}

const ownZone = () => Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";

function initial(schedule: Schedule | null): State {
  return {
    name: schedule?.name ?? "",
    kind: schedule?.kind ?? "cron",
    times: schedule?.cron ? readCron(schedule.cron) : nightly,
    timezone: schedule?.timezone ?? ownZone(),
    everyLabels: schedule?.every_labels ?? 200,
    choice: { preset: schedule?.preset ?? "balanced", changes: flattened(schedule?.recipe ?? {}) },
  };
}

/** What is sent: the clock's fields for the clock, the count for labels; the kind only for a new one. */
function draft(state: State, recipes: Recipes, isNew: boolean): ScheduleDraft {
  const preset = recipes.presets.find((one) => one.name === state.choice.preset)?.recipe ?? {};
  return {
    name: state.name,
    ...(isNew ? { kind: state.kind } : {}),
    ...(state.kind === "cron"
      ? { cron: writeCron(state.times), timezone: state.timezone }
      : { every_labels: state.everyLabels }),
    preset: state.choice.preset,
    recipe: overrides(state.choice.changes, preset),
  };
}

interface Props {
  project: number;
  /** The one to change, or null for a new one. */
  schedule: Schedule | null;
  onClose: () => void;
}

function KindField({ kind, onChange }: { kind: State["kind"]; onChange: (kind: State["kind"]) => void }) {
  const { t } = useTranslation();
  return (
    <ChoiceField
      label={t("schedules.kind")}
      value={kind}
      choices={(["cron", "labels"] as const).map((one) => ({
        value: one,
        title: t(`schedules.kinds.${one}`),
        text: t(`schedules.kindText.${one}`),
      }))}
      onChange={onChange}
    />
  );
}

function Form({ project, schedule, recipes, onClose }: Props & { recipes: Recipes }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const [state, setState] = useState(() => initial(schedule));
  const change = (part: Partial<State>) => setState((old) => ({ ...old, ...part }));
  const save = useMutation({
    mutationFn: () => {
      const body = draft(state, recipes, schedule === null);
      return schedule ? schedules.update(project, schedule.id, body) : schedules.create(project, body);
    },
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: keys.schedules(project) });
      onClose();
    },
  });
  const { fields } = formErrors(save.error);
  return (
    <form
      className={styles.form}
      onSubmit={(event: FormEvent) => {
        event.preventDefault();
        save.mutate();
      }}
    >
      <TextField
        label={t("schedules.name")}
        placeholder={t("schedules.nameExample")}
        required
        maxLength={200}
        value={state.name}
        errors={fields.name}
        onChange={(event) => change({ name: event.target.value })}
      />
      {schedule === null && <KindField kind={state.kind} onChange={(kind) => change({ kind })} />}
      {state.kind === "cron" ? (
        <>
          <CronFields value={state.times} errors={fields.cron} onChange={(times) => change({ times })} />
          <TimezoneField
            value={state.timezone}
            errors={fields.timezone}
            onChange={(timezone) => change({ timezone })}
          />
        </>
      ) : (
        <TextField
          label={t("schedules.labels")}
          hint={t("schedules.labelsHint")}
          type="number"
          min={1}
          required
          value={Number.isNaN(state.everyLabels) ? "" : state.everyLabels}
          errors={fields.every_labels}
          onChange={(event) => change({ everyLabels: event.target.valueAsNumber })}
        />
      )}
      <RecipeForm
        recipes={recipes}
        value={state.choice}
        errors={settingErrors(fields)}
        onChange={(choice) => change({ choice })}
      />
      {save.error && <Failure error={save.error} />}
      <DialogActions>
        <Button onClick={onClose}>{t("common.cancel")}</Button>
        <Button type="submit" look="primary" disabled={save.isPending}>
          {schedule ? t("common.save") : t("schedules.create")}
        </Button>
      </DialogActions>
    </form>
  );
}

export function ScheduleDialog(props: Props) {
  const { t } = useTranslation();
  const { data: recipes, error } = useRecipes(props.project);
  return (
    <Dialog
      title={props.schedule ? t("schedules.edit") : t("schedules.new")}
      look="wide"
      onClose={props.onClose}
    >
      {error && <FormError error={error} />}
      {!recipes && !error && <Placeholder height={320} />}
      {recipes && <Form {...props} recipes={recipes} />}
    </Dialog>
  );
}
