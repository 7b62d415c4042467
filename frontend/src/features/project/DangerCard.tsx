import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import { projects } from "../../api/endpoints";
import { keys } from "../../api/queries";
import { site } from "../../api/site";
import type { Project } from "../../api/types";
import { Button } from "../../components/Button";
import { Confirm, Dialog, DialogActions } from "../../components/Dialog";
import { TextField } from "../../components/Field";
import { Card, FormError, formErrors } from "../../components/Page";
import { showToast } from "../../components/toasts";
import styles from "./project.module.css";

/** Asks for the project's name before everything of it is deleted. */
function DeleteForEver({ project, onClose }: { project: Project; onClose: () => void }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const client = useQueryClient();
  const [name, setName] = useState("");
  const remove = useMutation({
    mutationFn: () => site.deleteProject(project.id, name),
    onSuccess: () => {
      showToast(t("settings.deleting", { name: project.name }));
      navigate("/");
      client.removeQueries({ queryKey: ["project", project.id] });
      void client.invalidateQueries({ queryKey: keys.projects });
    },
  });
  return (
    <Dialog title={t("settings.deleteTitle", { name: project.name })} onClose={onClose}>
      <form
        className={styles.form}
        onSubmit={(event: FormEvent) => {
          event.preventDefault();
          remove.mutate();
        }}
      >
        <p>{t("settings.deleteText")}</p>
        <TextField
          label={t("settings.deleteName", { name: project.name })}
          autoComplete="off"
          spellCheck={false}
          value={name}
          errors={formErrors(remove.error).fields.name}
          onChange={(event) => setName(event.target.value)}
        />
        <FormError error={remove.error} />
        <DialogActions>
          <Button onClick={onClose}>{t("common.cancel")}</Button>
          <Button
            type="submit"
            look="danger"
            disabled={remove.isPending || name.trim() !== project.name.trim()}
          >
            {t("settings.delete")}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}

function useArchiving(project: Project) {
  const navigate = useNavigate();
  const client = useQueryClient();
  const refresh = () => client.invalidateQueries({ queryKey: keys.projects });
  const archive = useMutation({
    mutationFn: () => projects.archive(project.id),
    onSuccess: () => {
      void refresh();
      void client.invalidateQueries({ queryKey: keys.project(project.id) });
      navigate("/");
    },
  });
  const restore = useMutation({
    mutationFn: () => projects.update(project.id, { archived: false }),
    onSuccess: (saved) => {
      client.setQueryData(keys.project(project.id), saved);
      void refresh();
    },
  });
  return { archive, restore };
}

/** Archiving a project; and, once it is archived, bringing it back or deleting it for ever. */
export function DangerCard({ project }: { project: Project }) {
  const { t } = useTranslation();
  const [asking, setAsking] = useState<"archive" | "delete" | null>(null);
  const { archive, restore } = useArchiving(project);
  const close = () => setAsking(null);
  return (
    <Card title={t(project.archived ? "settings.archived" : "settings.danger")}>
      <p className={styles.hint}>{t(project.archived ? "settings.archivedText" : "settings.archiveText")}</p>
      <div className={styles.dangers}>
        {project.archived ? (
          <>
            <Button disabled={restore.isPending} onClick={() => restore.mutate()}>
              {t("settings.restore")}
            </Button>
            <Button look="danger" onClick={() => setAsking("delete")}>
              {t("settings.delete")}
            </Button>
          </>
        ) : (
          <Button look="danger" onClick={() => setAsking("archive")}>
            {t("settings.archive")}
          </Button>
        )}
      </div>
      <FormError error={archive.error ?? restore.error} />
      {asking === "archive" && (
        <Confirm
          title={t("settings.archiveTitle", { name: project.name })}
          text={t("settings.archiveText")}
          action={t("settings.archive")}
          busy={archive.isPending}
          onConfirm={() => archive.mutate()}
          onClose={close}
        />
      )}
      {asking === "delete" && <DeleteForEver project={project} onClose={close} />}
    </Card>
  );
}
