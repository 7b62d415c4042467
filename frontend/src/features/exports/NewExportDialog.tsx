import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { type ExportDraft, exports, type Snapshot } from "../../api/datasets";
import { Button, LinkButton } from "../../components/Button";
import { Dialog, DialogActions } from "../../components/Dialog";
import { ChoiceField, SelectField } from "../../components/Field";
import { FormError, formErrors } from "../../components/Page";
import { showToast } from "../../components/toasts";
import { count } from "../../messages/i18n";
import styles from "./exports.module.css";
import { draftOf, type Form, formats, hasArchive, hasPictures } from "./formats";

function Options({ form, set }: { form: Form; set: (change: Partial<Form>) => void }) {
  const { t } = useTranslation();
  return (
    <div className={styles.two}>
      {hasPictures(form.format) && (
        <SelectField
          label={t("exports.pictures")}
          hint={t(`exports.picturesHint.${form.pictures}`)}
          value={form.pictures}
          onChange={(event) => set({ pictures: event.target.value as Form["pictures"] })}
        >
          <option value="original">{t("exports.original")}</option>
          <option value="preview">{t("exports.preview")}</option>
        </SelectField>
      )}
      {hasArchive(form.format) && (
        <SelectField
          label={t("exports.archive")}
          hint={t(`exports.archiveHint.${form.archive}`)}
          value={form.archive}
          onChange={(event) => set({ archive: event.target.value as Form["archive"] })}
        >
          <option value="zip">ZIP</option>
          <option value="tar">TAR</option>
        </SelectField>
      )}
    </div>
  );
}

/** Asks which snapshot leaves in which format, and starts it. */
export function NewExportDialog({
  project,
  snapshots,
  chosen,
  onClose,
}: {
  project: number;
  snapshots: Snapshot[];
  chosen: number | null;
  onClose: () => void;
}) {
  const { t } = useTranslation();
  const [form, setForm] = useState<Form>({
    snapshot: chosen ?? snapshots[0]?.id ?? null,
    format: "image_folder",
    archive: "zip",
    pictures: "original",
  });
  const set = (change: Partial<Form>) => setForm({ ...form, ...change });
  const create = useMutation({
    mutationFn: (draft: ExportDraft) => exports.create(project, draft),
    onSuccess: () => {
      showToast(t("exports.started"));
      onClose();
    },
  });
  const draft = draftOf(form);
  const { fields } = formErrors(create.error);
  if (snapshots.length === 0)
    return (
      <Dialog title={t("exports.new")} onClose={onClose}>
        <p className={styles.hint}>{t("exports.needsSnapshot")}</p>
        <DialogActions>
          <LinkButton to={`/projects/${project}/snapshots`} look="primary">
            {t("exports.toSnapshots")}
          </LinkButton>
        </DialogActions>
      </Dialog>
    );
  return (
    <Dialog title={t("exports.new")} onClose={onClose}>
      <form
        className={styles.form}
        onSubmit={(event) => {
          event.preventDefault();
          if (draft) create.mutate(draft);
        }}
      >
        <SelectField
          label={t("exports.snapshot")}
          value={form.snapshot ?? ""}
          errors={fields.snapshot}
          onChange={(event) => set({ snapshot: Number(event.target.value) })}
        >
          {snapshots.map((snapshot) => (
            <option key={snapshot.id} value={snapshot.id}>
              {t("exports.snapshotOption", { name: snapshot.name, number: count(snapshot.rows) })}
            </option>
          ))}
        </SelectField>
        <ChoiceField
          label={t("exports.format")}
          choices={formats.map((value) => ({
            value,
            title: t(`exports.formats.${value}`),
            text: t(`exports.formatText.${value}`),
          }))}
          value={form.format}
          onChange={(format) => set({ format })}
        />
        <Options form={form} set={set} />
        <FormError error={create.error} />
        <DialogActions>
          <Button onClick={onClose}>{t("common.cancel")}</Button>
          <Button look="primary" type="submit" disabled={!draft || create.isPending}>
            {t("exports.make")}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
