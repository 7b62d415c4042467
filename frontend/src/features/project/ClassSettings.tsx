import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { classes } from "../../api/endpoints";
import { keys, useClasses } from "../../api/queries";
import type { LabelClass } from "../../api/types";
import { parseClassNames } from "../../commands/hotkeys";
import { Button } from "../../components/Button";
import { ClassTile } from "../../components/ClassTile";
import { Card, Failure, FormError, formErrors } from "../../components/Page";
import { useProjectContext } from "../../components/useProjectContext";
import { ClassNames } from "./ClassNames";
import styles from "./project.module.css";

function ClassRow({ projectId, of, locked }: { projectId: number; of: LabelClass; locked: boolean }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const update = useMutation({
    mutationFn: (change: Partial<LabelClass>) => classes.update(projectId, of.id, change),
    onSettled: () => client.invalidateQueries({ queryKey: keys.classes(projectId) }),
  });
  const { fields, general } = formErrors(update.error);
  const problems = Object.values(fields).flat();
  const commit = (field: "name" | "hotkey" | "description", value: string) => {
    if (value !== of[field]) update.mutate({ [field]: value });
  };
  return (
    <>
      <tr className={of.archived ? styles.archived : undefined} data-testid="class-row">
        <td>
          <ClassTile of={of} />
        </td>
        <td>
          <input
            aria-label={t("classes.nameOf", { name: of.name })}
            key={of.name}
            defaultValue={of.name}
            disabled={locked}
            onBlur={(event) => commit("name", event.target.value.trim() || of.name)}
          />
        </td>
        <td>
          <input
            data-kind="key"
            aria-label={t("classes.letterOf", { name: of.name })}
            key={of.hotkey}
            defaultValue={of.hotkey}
            maxLength={1}
            disabled={locked}
            onBlur={(event) => commit("hotkey", event.target.value.toLowerCase())}
          />
        </td>
        <td>
          <input
            aria-label={t("classes.descriptionOf", { name: of.name })}
            key={of.description}
            defaultValue={of.description}
            disabled={locked}
            onBlur={(event) => commit("description", event.target.value)}
          />
        </td>
        <td>
          {!locked && (
            <Button
              size="s"
              look="quiet"
              disabled={update.isPending}
              onClick={() => update.mutate({ archived: !of.archived })}
            >
              {of.archived ? t("classes.restore") : t("classes.archive")}
            </Button>
          )}
        </td>
      </tr>
      {(problems.length > 0 || general !== null) && (
        <tr>
          <td colSpan={5}>
            {problems.length ? (
              <span role="alert" style={{ color: "var(--bad)" }}>
                {problems.join(" ")}
              </span>
            ) : (
              <Failure error={general} />
            )}
          </td>
        </tr>
      )}
    </>
  );
}

function AddClasses({ projectId, existing }: { projectId: number; existing: LabelClass[] }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const [text, setText] = useState("");
  const taken = useMemo(() => existing.map((one) => one.hotkey).filter(Boolean), [existing]);
  const add = useMutation({
    mutationFn: () => classes.add(projectId, parseClassNames(text)),
    onSuccess: () => {
      setText("");
      void client.invalidateQueries({ queryKey: keys.classes(projectId) });
    },
  });
  const { fields } = formErrors(add.error);
  return (
    <Card title={t("classes.add")}>
      <form
        className={styles.form}
        onSubmit={(event: FormEvent) => {
          event.preventDefault();
          add.mutate();
        }}
      >
        <ClassNames
          label={t("classes.newNames")}
          text={text}
          onChange={setText}
          errors={fields.names ?? fields.name}
          existing={existing.length}
          taken={taken}
        />
        <FormError error={add.error} />
        <div className={styles.actions}>
          <Button type="submit" look="primary" disabled={add.isPending || parseClassNames(text).length === 0}>
            {t("classes.add")}
          </Button>
        </div>
      </form>
    </Card>
  );
}

export function ClassSettings() {
  const { t } = useTranslation();
  const project = useProjectContext();
  const { data, error, refetch } = useClasses(project.id);
  const locked = project.role !== "lead";
  return (
    <>
      <Card title={t("settings.classes")}>
        {error && <Failure error={error} retry={() => void refetch()} />}
        <table className={styles.table}>
          <thead>
            <tr>
              <th>
                <span className="visually-hidden">{t("classes.tile")}</span>
              </th>
              <th>{t("classes.name")}</th>
              <th>{t("classes.letter")}</th>
              <th>{t("classes.description")}</th>
              <th>
                <span className="visually-hidden">{t("classes.archive")}</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {data?.map((one) => (
              <ClassRow key={one.id} projectId={project.id} of={one} locked={locked} />
            ))}
          </tbody>
        </table>
      </Card>
      {!locked && <AddClasses projectId={project.id} existing={data ?? []} />}
    </>
  );
}
