import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { type Focus, type FocusDraft, focus, useFocuses } from "../api/focus";
import { keys, useClasses, useImports, useMembers } from "../api/queries";
import type { LabelClass } from "../api/types";
import { count } from "../messages/i18n";
import { Button } from "./Button";
import { inTree } from "./classTree";
import { Dialog, DialogActions } from "./Dialog";
import { SelectField, TextField } from "./Field";
import styles from "./FocusDialog.module.css";
import { useFocusWords } from "./focusWords";
import { Failure, FormError, formErrors } from "./Page";
import { showToast } from "./toasts";

interface Form {
  user: string;
  label: string;
  batch: string;
  low: string;
  high: string;
}

const nothing: Form = { user: "", label: "", batch: "", low: "", high: "" };

/** A percentage as typed, as a share; nothing where the field is empty. */
const share = (text: string) => (text === "" ? undefined : Math.min(Math.max(Number(text) / 100, 0), 1));

/** What the form asks for, as the server takes it. */
export function draftOf({ user, label, batch, low, high }: Form): FocusDraft {
  const from = share(low);
  const to = share(high);
  return {
    user: user ? Number(user) : null,
    class: label ? Number(label) : null,
    filter: {
      ...(batch && { batch: Number(batch) }),
      ...(from !== undefined && { min_confidence: from }),
      ...(to !== undefined && { max_confidence: to }),
    },
  };
}

function formOf(found: Focus | undefined, user: string): Form {
  if (!found) return { ...nothing, user };
  const { min_confidence: low, max_confidence: high, batch } = found.filter;
  const percent = (value: number | undefined) => (value === undefined ? "" : String(Math.round(value * 100)));
  return {
    user,
    label: found.class === null ? "" : String(found.class),
    batch: batch === undefined ? "" : String(batch),
    low: percent(low),
    high: percent(high),
  };
}

/** Everything that the queue is pointed at, each with the way back to the normal order. */
function Pointed({
  project,
  all,
  classes,
  onCleared,
}: {
  project: number;
  all: Focus[];
  classes: LabelClass[];
  onCleared: () => void;
}) {
  const { t } = useTranslation();
  const words = useFocusWords(classes);
  const clear = useMutation({
    mutationFn: (user: number | null) => focus.clear(project, user),
    onSuccess: onCleared,
  });
  if (!all.length) return null;
  return (
    <>
      <ul className={styles.list}>
        {all.map((one) => (
          <li key={one.id} data-testid="focus-row">
            <span>
              <b>{one.user?.name ?? t("focus.everybody")}</b> {words(one)}
              <small>
                {one.waiting
                  ? t("focus.left", { count: one.waiting, number: count(one.waiting) })
                  : t("focus.nothingLeft")}
              </small>
            </span>
            <Button
              size="s"
              aria-label={t("focus.stopFor", { name: one.user?.name ?? t("focus.everybody") })}
              disabled={clear.isPending}
              onClick={() => clear.mutate(one.user?.id ?? null)}
            >
              {t("focus.stop")}
            </Button>
          </li>
        ))}
      </ul>
      {clear.error && <Failure error={clear.error} />}
    </>
  );
}

/** Points the queue at a class, an import, a range of confidence; for everybody or for one person. */
export default function FocusDialog({ project, onClose }: { project: number; onClose: () => void }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const [form, setForm] = useState<Form>(nothing);
  const { data: focuses } = useFocuses(project);
  const { data: classes = [] } = useClasses(project);
  const { data: members = [] } = useMembers(project);
  const { data: batches } = useImports(project);
  const all = focuses?.results ?? [];
  const stale = () => client.invalidateQueries({ queryKey: keys.focus(project) });
  const set = useMutation({
    mutationFn: () => focus.set(project, draftOf(form)),
    onSuccess: ({ waiting }) => {
      void stale();
      const number = count(waiting);
      showToast(waiting ? t("focus.pointed", { count: waiting, number }) : t("focus.pointedAtNothing"), {
        tone: waiting ? "good" : "plain",
      });
      onClose();
    },
  });
  const { fields } = formErrors(set.error);
  const change = (part: Partial<Form>) => setForm((before) => ({ ...before, ...part }));
  const forWhom = (user: string) =>
    setForm(
      formOf(
        all.find((one) => String(one.user?.id ?? "") === user),
        user,
      ),
    );
  const empty = !form.label && !form.batch && form.low === "" && form.high === "";
  return (
    <Dialog title={t("focus.point")} onClose={onClose}>
      <p className={styles.text}>{t("focus.about")}</p>
      <Pointed project={project} all={all} classes={classes} onCleared={() => void stale()} />
      <form
        className={styles.form}
        onSubmit={(event: FormEvent) => {
          event.preventDefault();
          set.mutate();
        }}
      >
        <SelectField
          label={t("focus.forWhom")}
          value={form.user}
          errors={fields.user}
          onChange={(event) => forWhom(event.target.value)}
        >
          <option value="">{t("focus.everybody")}</option>
          {members
            .filter((one) => one.role !== "viewer")
            .map(({ user }) => (
              <option key={user.id} value={user.id}>
                {user.name}
              </option>
            ))}
        </SelectField>
        <SelectField
          label={t("focus.class")}
          value={form.label}
          errors={fields.class}
          onChange={(event) => change({ label: event.target.value })}
        >
          <option value="">{t("focus.anyClass")}</option>
          {inTree(classes.filter((one) => !one.archived)).map(({ of, depth }) => (
            <option key={of.id} value={of.id}>
              {depth > 0 ? `\u2003${of.name}` : of.name}
            </option>
          ))}
        </SelectField>
        <SelectField
          label={t("focus.batch")}
          value={form.batch}
          errors={fields.batch}
          onChange={(event) => change({ batch: event.target.value })}
        >
          <option value="">{t("focus.anyImport")}</option>
          {batches?.results.map((batch) => (
            <option key={batch.id} value={batch.id}>
              {batch.name}
            </option>
          ))}
        </SelectField>
        <div className={styles.two}>
          <TextField
            label={t("focus.low")}
            type="number"
            min={0}
            max={100}
            value={form.low}
            errors={fields.min_confidence ?? fields["filter.min_confidence"]}
            onChange={(event) => change({ low: event.target.value })}
          />
          <TextField
            label={t("focus.high")}
            type="number"
            min={0}
            max={100}
            value={form.high}
            errors={fields["filter.max_confidence"]}
            onChange={(event) => change({ high: event.target.value })}
          />
        </div>
        <FormError error={set.error} />
        <DialogActions>
          <Button onClick={onClose}>{t("common.cancel")}</Button>
          <Button type="submit" look="primary" disabled={empty || set.isPending}>
            {t("focus.point")}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
