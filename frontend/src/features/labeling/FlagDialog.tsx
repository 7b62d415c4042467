import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { Button } from "../../components/Button";
import { Dialog, DialogActions } from "../../components/Dialog";
import { TextField } from "../../components/Field";

/** A flag says that somebody should look at this picture, and why. */
export function FlagDialog({ onFlag, onClose }: { onFlag: (comment: string) => void; onClose: () => void }) {
  const { t } = useTranslation();
  const [comment, setComment] = useState("");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onFlag(comment.trim());
  };
  return (
    <Dialog title={t("label.flagTitle")} onClose={onClose}>
      <form onSubmit={submit}>
        <TextField
          label={t("label.flagComment")}
          hint={t("label.flagHint")}
          autoFocus
          maxLength={2000}
          value={comment}
          onChange={(event) => setComment(event.target.value)}
        />
        <DialogActions>
          <Button onClick={onClose}>{t("common.cancel")}</Button>
          <Button type="submit" look="primary" keyHint="Enter">
            {t("label.flag")}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
