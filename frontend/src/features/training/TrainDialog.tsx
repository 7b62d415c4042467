import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import type { Recipes } from "../../api/modeling";
import { runs, useRecipes } from "../../api/modelingCalls";
import { keys } from "../../api/queries";
import { Button } from "../../components/Button";
import { Dialog, DialogActions } from "../../components/Dialog";
import { Failure, FormError, formErrors, Placeholder } from "../../components/Page";
import { type RecipeChoice, RecipeForm } from "../../components/RecipeForm";
import { overrides, settingErrors, wrong } from "../../components/recipe";
import { showToast } from "../../components/toasts";
import { allLabels, type Data, SnapshotChoice } from "./SnapshotChoice";
import styles from "./training.module.css";

function draft(recipes: Recipes, { preset, changes }: RecipeChoice, data: Data) {
  const recipe = recipes.presets.find((one) => one.name === preset)?.recipe ?? {};
  const { snapshot, ...settings } = data;
  return {
    preset,
    recipe: overrides(changes, recipe),
    ...(snapshot === null ? { snapshot_settings: settings } : { snapshot }),
  };
}

function Form({ project, recipes, onClose }: { project: number; recipes: Recipes; onClose: () => void }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const navigate = useNavigate();
  const [choice, setChoice] = useState<RecipeChoice>({ preset: "balanced", changes: {} });
  const [data, setData] = useState<Data>(allLabels);
  const start = useMutation({
    mutationFn: () => runs.create(project, draft(recipes, choice, data)),
    onSuccess: ({ run, outcome }) => {
      void client.invalidateQueries({ queryKey: keys.runs(project) });
      if (outcome === "joined") showToast(t("training.joined", { number: run.number }));
      navigate(`/projects/${project}/training/${run.id}`);
    },
  });
  const { fields } = formErrors(start.error);
  const errors = settingErrors(fields);
  const faulty = recipes.fields.some((field) => {
    const value = choice.changes[field.name];
    return value !== undefined && wrong(field, value) !== null;
  });
  return (
    <form
      className={styles.form}
      onSubmit={(event: FormEvent) => {
        event.preventDefault();
        start.mutate();
      }}
    >
      <RecipeForm recipes={recipes} value={choice} onChange={setChoice} errors={errors} />
      <SnapshotChoice project={project} value={data} onChange={setData} errors={errors} />
      {start.error && <Failure error={start.error} />}
      <DialogActions>
        <Button onClick={onClose}>{t("common.cancel")}</Button>
        <Button type="submit" look="primary" disabled={start.isPending || faulty}>
          {t("training.start")}
        </Button>
      </DialogActions>
    </form>
  );
}

export function TrainDialog({ project, onClose }: { project: number; onClose: () => void }) {
  const { t } = useTranslation();
  const { data: recipes, error } = useRecipes(project);
  return (
    <Dialog title={t("training.new")} look="wide" onClose={onClose}>
      {error && <FormError error={error} />}
      {!recipes && !error && <Placeholder height={320} />}
      {recipes && <Form project={project} recipes={recipes} onClose={onClose} />}
    </Dialog>
  );
}
