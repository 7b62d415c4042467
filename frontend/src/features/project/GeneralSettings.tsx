import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { projects } from "../../api/endpoints";
import { keys } from "../../api/queries";
import type { Project } from "../../api/types";
import { Button } from "../../components/Button";
import { TextArea, TextField } from "../../components/Field";
import { Card, FormError, formErrors } from "../../components/Page";
import { showToast } from "../../components/toasts";
import { useProjectContext } from "../../components/useProjectContext";
import { BackboneSettings } from "./BackboneSettings";
import { DangerCard } from "./DangerCard";
import { LabelModeFact } from "./LabelModeField";
import { LearningFields } from "./LearningFields";
import { OverlapFields } from "./OverlapFields";
import styles from "./project.module.css";
import { VerifyFields } from "./VerifyFields";

type Editable = Pick<
  Project,
  | "name"
  | "instructions"
  | "target_per_class"
  | "refresh_every"
  | "reserve_share"
  | "strategy"
  | "control_share"
  | "blind_every"
  | "overlap_share"
  | "overlap_votes"
  | "verify_adaptive"
  | "gold_per_page"
>;

function ProjectForm({ project }: { project: Project }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const [changes, setChanges] = useState<Partial<Editable>>({});
  const value = { ...project, ...changes };
  const change = (part: Partial<Editable>) => setChanges((old) => ({ ...old, ...part }));
  const save = useMutation({
    mutationFn: () => projects.update(project.id, changes),
    onSuccess: (saved) => {
      client.setQueryData(keys.project(project.id), saved);
      void client.invalidateQueries({ queryKey: keys.projects });
      setChanges({});
      showToast(t("settings.saved"), { tone: "good" });
    },
  });
  const { fields } = formErrors(save.error);
  return (
    <Card title={t("settings.general")}>
      <form
        className={styles.form}
        onSubmit={(event: FormEvent) => {
          event.preventDefault();
          save.mutate();
        }}
      >
        <fieldset disabled={project.role !== "lead" || project.archived} className={styles.form}>
          <TextField
            label={t("projects.name")}
            required
            value={value.name}
            errors={fields.name}
            onChange={(event) => change({ name: event.target.value })}
          />
          <TextArea
            label={t("projects.instructions")}
            value={value.instructions}
            errors={fields.instructions}
            onChange={(event) => change({ instructions: event.target.value })}
          />
          <LabelModeFact value={project.label_mode} />
          <div className={styles.two}>
            <TextField
              label={t("projects.target")}
              type="number"
              min={1}
              value={value.target_per_class}
              errors={fields.target_per_class}
              onChange={(event) => change({ target_per_class: event.target.valueAsNumber || 1 })}
            />
          </div>
          <LearningFields value={value} onChange={change} errors={fields} project={project.id} />
          <TextField
            label={t("settings.blindEvery")}
            hint={t("settings.blindEveryHint")}
            type="number"
            min={0}
            value={value.blind_every}
            errors={fields.blind_every}
            onChange={(event) => change({ blind_every: event.target.valueAsNumber || 0 })}
          />
          <OverlapFields value={value} onChange={change} errors={fields} />
          <VerifyFields value={value} onChange={change} errors={fields} />
          <FormError error={save.error} />
          <div className={styles.actions}>
            <Button
              type="submit"
              look="primary"
              disabled={save.isPending || Object.keys(changes).length === 0}
            >
              {t("common.save")}
            </Button>
          </div>
        </fieldset>
      </form>
    </Card>
  );
}

export function GeneralSettings() {
  const project = useProjectContext();
  return (
    <>
      {project.archived && project.role === "lead" && <DangerCard project={project} />}
      <ProjectForm project={project} />
      <BackboneSettings project={project} />
      {!project.archived && project.role === "lead" && <DangerCard project={project} />}
    </>
  );
}
