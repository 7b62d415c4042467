import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { members } from "../../api/endpoints";
import { Button } from "../../components/Button";
import { Dialog, DialogActions } from "../../components/Dialog";
import { TextField } from "../../components/Field";
import { FormError } from "../../components/Page";
import { showToast } from "../../components/toasts";
import { count } from "../../messages/i18n";
import styles from "./project.module.css";

/** A moment as the browser's own field for it writes it: local time, to the minute. */
function localMinute(time: Date): string {
  return new Date(time.getTime() - time.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

const startOfToday = () => localMinute(new Date(new Date().setHours(0, 0, 0, 0)));

interface Props {
  project: number;
  user: { id: number; name: string };
  onClose: () => void;
}

/** Takes back what one person said since a moment, after telling how much that is. */
export function RetractDialog({ project, user, onClose }: Props) {
  const { t } = useTranslation();
  const [since, setSince] = useState(startOfToday);
  const moment = since ? new Date(since).toISOString() : "";
  const found = useQuery({
    queryKey: ["retract", project, user.id, moment],
    queryFn: () => members.retractable(project, user.id, moment),
    enabled: moment !== "",
  });
  const retract = useMutation({
    mutationFn: () => members.retract(project, user.id, moment),
    onSuccess: () => {
      showToast(t("members.retracting", { name: user.name }));
      onClose();
    },
  });
  const { answers, labels } = found.data ?? { answers: 0, labels: 0 };
  return (
    <Dialog title={t("members.retractTitle", { name: user.name })} onClose={onClose}>
      <p>{t("members.retractText")}</p>
      <TextField
        type="datetime-local"
        label={t("members.retractSince")}
        required
        value={since}
        onChange={(event) => setSince(event.target.value)}
      />
      <p className={styles.hint} role="status">
        {found.data &&
          (answers
            ? t("members.retractCount", { count: answers, number: count(answers), labels: count(labels) })
            : t("members.retractNone"))}
      </p>
      <FormError error={found.error ?? retract.error} />
      <DialogActions>
        <Button onClick={onClose}>{t("common.cancel")}</Button>
        <Button look="danger" disabled={!answers || retract.isPending} onClick={() => retract.mutate()}>
          {t("members.retractAction")}
        </Button>
      </DialogActions>
    </Dialog>
  );
}
