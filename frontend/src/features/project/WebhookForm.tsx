import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import type { EventKind } from "../../api/events";
import { Button } from "../../components/Button";
import { CheckField, TextField } from "../../components/Field";
import { FormError, formErrors } from "../../components/Page";
import { groups, kindsOf } from "./webhookKinds";
import styles from "./webhooks.module.css";

export interface WebhookDraft {
  url: string;
  kinds: EventKind[];
}

function Kinds({ value, onChange }: { value: EventKind[]; onChange: (kinds: EventKind[]) => void }) {
  const { t } = useTranslation();
  return (
    <fieldset className={styles.kinds}>
      <legend>{t("webhooks.kindsTitle")}</legend>
      {groups.map((group) => (
        <div key={group} className={styles.group}>
          <b>{t(`webhooks.groups.${group}`)}</b>
          {kindsOf(group).map((kind) => (
            <CheckField
              key={kind}
              label={t(`webhooks.kinds.${kind}`)}
              checked={value.includes(kind)}
              onChange={(on) => onChange(on ? [...value, kind] : value.filter((other) => other !== kind))}
            />
          ))}
        </div>
      ))}
    </fieldset>
  );
}

/** Address and kinds of events, for a new webhook or one that is there. */
export function WebhookForm({
  start,
  action,
  busy,
  error,
  onSubmit,
  onCancel,
}: {
  start: WebhookDraft;
  action: string;
  busy: boolean;
  error: unknown;
  onSubmit: (draft: WebhookDraft) => void;
  onCancel: () => void;
}) {
  const { t } = useTranslation();
  const [draft, setDraft] = useState(start);
  const { fields } = formErrors(error);
  return (
    <form
      className={styles.form}
      onSubmit={(event: FormEvent) => {
        event.preventDefault();
        onSubmit({ ...draft, url: draft.url.trim() });
      }}
    >
      <TextField
        label={t("webhooks.url")}
        hint={t("webhooks.urlHint")}
        type="url"
        required
        placeholder="https://example.org/hook"
        value={draft.url}
        errors={fields.url}
        onChange={(event) => setDraft({ ...draft, url: event.target.value })}
      />
      <Kinds value={draft.kinds} onChange={(kinds) => setDraft({ ...draft, kinds })} />
      {fields.kinds && (
        <p role="alert" className={styles.error}>
          {fields.kinds.join(" ")}
        </p>
      )}
      <FormError error={error} />
      <div className={styles.actions}>
        <Button type="submit" look="primary" disabled={busy || draft.kinds.length === 0}>
          {action}
        </Button>
        <Button onClick={onCancel}>{t("common.cancel")}</Button>
      </div>
    </form>
  );
}
