import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { classes } from "../../api/endpoints";
import { keys, useClasses } from "../../api/queries";
import type { LabelClass } from "../../api/types";
import { parseClassNames } from "../../commands/hotkeys";
import { Button } from "../../components/Button";
import { inTree } from "../../components/classTree";
import { Card, Failure, FormError, formErrors } from "../../components/Page";
import { showToast } from "../../components/toasts";
import { useProjectContext } from "../../components/useProjectContext";
import { ClassNames } from "./ClassNames";
import { ClassRow } from "./ClassRow";
import styles from "./classes.module.css";
import { mayMove } from "./groups";
import project from "./project.module.css";

function AddClasses({ projectId, existing }: { projectId: number; existing: LabelClass[] }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const [text, setText] = useState("");
  const taken = useMemo(
    () => existing.filter((one) => one.parent === null).map((one) => one.hotkey),
    [existing],
  );
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
        className={project.form}
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
        <div className={project.actions}>
          <Button type="submit" look="primary" disabled={add.isPending || parseClassNames(text).length === 0}>
            {t("classes.add")}
          </Button>
        </div>
      </form>
    </Card>
  );
}

/** Where a class is dropped to take it out of its group; there only while one of a group is dragged. */
function Outside({ onDrop }: { onDrop: () => void }) {
  const { t } = useTranslation();
  return (
    <li
      className={styles.outside}
      onDragOver={(event) => event.preventDefault()}
      onDrop={(event) => {
        event.preventDefault();
        onDrop();
      }}
    >
      {t("classes.dropOut")}
    </li>
  );
}

/** The project's classes: two levels, each with its words, its letter and its guide. */
export function ClassSettings() {
  const { t } = useTranslation();
  const { id, role } = useProjectContext();
  const client = useQueryClient();
  const { data = [], error, refetch } = useClasses(id);
  const [dragged, setDragged] = useState<number | null>(null);
  const locked = role !== "lead";
  const move = useMutation({
    mutationFn: ({ which, parent }: { which: number; parent: number | null }) =>
      classes.update(id, which, { parent }),
    onError: (failure) => showToast(failure.message, { tone: "bad" }),
    onSettled: () => client.invalidateQueries({ queryKey: keys.classes(id) }),
  });
  const fits = (to: number | null) => dragged !== null && mayMove(data, dragged, to);
  const drop = (to: number | null) => {
    if (dragged !== null && fits(to)) move.mutate({ which: dragged, parent: to });
    setDragged(null);
  };
  return (
    <>
      <Card title={t("settings.classes")}>
        {error && <Failure error={error} retry={() => void refetch()} />}
        {data.length === 0 && !error && <p className={project.hint}>{t("classes.none")}</p>}
        {!locked && data.length > 1 && <p className={project.hint}>{t("classes.levels")}</p>}
        <ul className={styles.list}>
          {inTree(data).map(({ of, depth }) => (
            <ClassRow
              key={of.id}
              projectId={id}
              of={of}
              all={data}
              depth={depth}
              locked={locked}
              target={fits(of.id)}
              onDrag={setDragged}
              onDrop={() => drop(of.id)}
            />
          ))}
          {fits(null) && <Outside onDrop={() => drop(null)} />}
        </ul>
      </Card>
      {!locked && <AddClasses projectId={id} existing={data} />}
    </>
  );
}
