import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import { projects } from "../../api/endpoints";
import { keys, usePresets } from "../../api/queries";
import type { Project } from "../../api/types";
import { parseClassNames } from "../../commands/hotkeys";
import { Button, LinkButton } from "../../components/Button";
import { TextArea, TextField } from "../../components/Field";
import { FormError, formErrors, PageHead } from "../../components/Page";
import { ClassNames } from "./ClassNames";
import { LabelModeField } from "./LabelModeField";
import { BackboneField, type Learning, LearningFields } from "./LearningFields";
import styles from "./project.module.css";
import { recommended } from "./strategies";

const defaults: Learning = {
  backbone: "",
  target_per_class: 500,
  refresh_every: 32,
  strategy: "",
  control_share: 0,
  reserve_share: 0.1,
};

export function NewProjectPage() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const client = useQueryClient();
  const { data: presets } = usePresets();
  const [name, setName] = useState("");
  const [classes, setClasses] = useState("");
  const [mode, setMode] = useState<Project["label_mode"]>("single");
  const [instructions, setInstructions] = useState("");
  const [learning, setLearning] = useState(defaults);
  const firstBackbone = presets?.backbones.find((preset) => preset.available)?.name ?? "";
  const value = {
    ...learning,
    backbone: learning.backbone || firstBackbone,
    strategy: learning.strategy || recommended(presets?.strategies ?? []),
  };
  const change = (part: Partial<Learning>) => setLearning((old) => ({ ...old, ...part }));

  const create = useMutation({
    mutationFn: () =>
      projects.create({
        ...value,
        backbone: value.backbone || undefined,
        strategy: value.strategy || undefined,
        name,
        label_mode: mode,
        instructions,
        classes: parseClassNames(classes),
      }),
    onSuccess: (project) => {
      void client.invalidateQueries({ queryKey: keys.projects });
      navigate(`/projects/${project.id}`);
    },
  });
  const { fields } = formErrors(create.error);

  return (
    <main className={styles.narrowPage}>
      <PageHead title={t("projects.new")} />
      <form
        className={styles.form}
        onSubmit={(event: FormEvent) => {
          event.preventDefault();
          create.mutate();
        }}
      >
        <TextField
          label={t("projects.name")}
          required
          maxLength={120}
          value={name}
          errors={fields.name}
          onChange={(event) => setName(event.target.value)}
        />
        <ClassNames label={t("classes.label")} text={classes} onChange={setClasses} errors={fields.classes} />
        <LabelModeField value={mode} onChange={setMode} />
        <TextArea
          label={t("projects.instructions")}
          hint={t("projects.instructionsHint")}
          value={instructions}
          errors={fields.instructions}
          onChange={(event) => setInstructions(event.target.value)}
        />
        <div className={styles.two}>
          <BackboneField value={value} onChange={change} errors={fields} />
          <TextField
            label={t("projects.target")}
            hint={t("projects.targetHint")}
            type="number"
            min={1}
            required
            value={value.target_per_class}
            errors={fields.target_per_class}
            onChange={(event) => change({ target_per_class: event.target.valueAsNumber || 1 })}
          />
        </div>
        <details className={styles.advanced}>
          <summary>{t("projects.advanced")}</summary>
          <div>
            <LearningFields value={value} onChange={change} errors={fields} />
          </div>
        </details>
        <FormError error={create.error} />
        <div className={styles.actions}>
          <Button type="submit" look="primary" size="l" disabled={create.isPending}>
            {t("projects.create")}
          </Button>
          <LinkButton to="/" look="quiet" size="l">
            {t("common.cancel")}
          </LinkButton>
        </div>
      </form>
    </main>
  );
}
