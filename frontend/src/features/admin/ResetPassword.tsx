import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { users } from "../../api/endpoints";
import type { Account } from "../../api/types";
import { Button } from "../../components/Button";
import { CopyText } from "../../components/CopyText";
import { Dialog, DialogActions } from "../../components/Dialog";
import { TextField } from "../../components/Field";
import { FormError, formErrors } from "../../components/Page";
import styles from "./admin.module.css";

/** Gives somebody who forgot it a new password: a drawn one, unless the admin types one. */
export function ResetPassword({ account, onClose }: { account: Account; onClose: () => void }) {
  const { t } = useTranslation();
  const [password, setPassword] = useState("");
  const reset = useMutation({
    mutationFn: () => users.resetPassword(account.id, password || undefined),
  });
  return (
    <Dialog title={t("users.resetTitle", { name: account.username })} onClose={onClose}>
      {reset.data ? (
        <>
          <div className={styles.secret} data-testid="new-password">
            <p>{t("users.resetDone", { name: account.username })}</p>
            <CopyText text={reset.data.password} label={t("users.copy")} />
          </div>
          <DialogActions>
            <Button look="primary" onClick={onClose}>
              {t("common.close")}
            </Button>
          </DialogActions>
        </>
      ) : (
        <form
          className={styles.form}
          onSubmit={(event: FormEvent) => {
            event.preventDefault();
            reset.mutate();
          }}
        >
          <p className={styles.text}>{t("users.resetText")}</p>
          <TextField
            label={t("users.newPassword")}
            hint={t("users.newPasswordHint")}
            autoComplete="off"
            spellCheck={false}
            value={password}
            errors={formErrors(reset.error).fields.password}
            onChange={(event) => setPassword(event.target.value)}
          />
          <FormError error={reset.error} />
          <DialogActions>
            <Button onClick={onClose}>{t("common.cancel")}</Button>
            <Button type="submit" look="primary" disabled={reset.isPending}>
              {t("users.reset")}
            </Button>
          </DialogActions>
        </form>
      )}
    </Dialog>
  );
}
