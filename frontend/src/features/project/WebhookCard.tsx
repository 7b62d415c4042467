import { useMutation, useQueryClient } from "@tanstack/react-query";
import { CircleAlert, CircleCheck, CirclePause, TriangleAlert } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { type Webhook, type WebhookChange, webhooks } from "../../api/events";
import { keys } from "../../api/queries";
import { Badge } from "../../components/Badge";
import { Button } from "../../components/Button";
import { Confirm, Dialog } from "../../components/Dialog";
import { Card, Failure } from "../../components/Page";
import { Switch } from "../../components/Switch";
import { ago, dateTime, duration } from "../../messages/i18n";
import { WebhookForm } from "./WebhookForm";
import { WebhookLog } from "./WebhookLog";
import styles from "./webhooks.module.css";

function Standing({ of }: { of: Webhook }) {
  const { t } = useTranslation();
  if (of.disabled_at)
    return (
      <Badge tone="bad" icon={CircleAlert}>
        {t("webhooks.disabled", { date: dateTime(of.disabled_at) })}
      </Badge>
    );
  if (!of.enabled)
    return (
      <Badge tone="plain" icon={CirclePause}>
        {t("webhooks.off")}
      </Badge>
    );
  if (of.failing_since)
    return (
      <Badge tone="warn" icon={TriangleAlert}>
        {t("webhooks.failing", { time: duration(ago(of.failing_since)) })}
      </Badge>
    );
  return (
    <Badge tone="good" icon={CircleCheck}>
      {t("webhooks.on")}
    </Badge>
  );
}

type Asking = "edit" | "secret" | "remove" | null;

/** One webhook: how it stands, what can be done with it, and its log. */
export function WebhookCard({
  project,
  of,
  onSecret,
}: {
  project: number;
  of: Webhook;
  onSecret: (secret: string) => void;
}) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const [asking, setAsking] = useState<Asking>(null);
  const [log, setLog] = useState(false);
  const host = URL.canParse(of.url) ? new URL(of.url).host : of.url;
  const onSettled = () => {
    void client.invalidateQueries({ queryKey: keys.deliveries(project) });
    return client.invalidateQueries({ queryKey: keys.webhooks(project) });
  };
  const close = () => setAsking(null);
  const change = useMutation({
    mutationFn: (what: WebhookChange) => webhooks.update(project, of.id, what),
    onSuccess: close,
    onSettled,
  });
  const renew = useMutation({
    mutationFn: () => webhooks.renewSecret(project, of.id),
    onSuccess: ({ secret }) => {
      close();
      onSecret(secret);
    },
  });
  const remove = useMutation({
    mutationFn: () => webhooks.remove(project, of.id),
    onSuccess: close,
    onSettled,
  });
  const test = useMutation({
    mutationFn: () => webhooks.test(project, of.id),
    onSuccess: () => setLog(true),
    onSettled,
  });
  const failed = renew.error ?? remove.error ?? test.error ?? (asking === "edit" ? null : change.error);
  return (
    <Card>
      <div className={styles.top} data-testid="webhook">
        <div className={styles.what}>
          <b>{host}</b>
          <code>{of.url}</code>
        </div>
        <Standing of={of} />
        <Switch
          label={t("webhooks.switch", { host })}
          on={of.enabled}
          disabled={change.isPending}
          onChange={(enabled) => change.mutate({ enabled })}
        />
      </div>
      <p className={styles.faint}>{of.kinds.map((kind) => t(`webhooks.kinds.${kind}`)).join(", ")}</p>
      {of.disabled_at && <p className={styles.note}>{t("webhooks.disabledText")}</p>}
      {failed && <Failure error={failed} />}
      <div className={styles.actions}>
        <Button size="s" disabled={test.isPending} onClick={() => test.mutate()}>
          {t("webhooks.test")}
        </Button>
        <Button size="s" aria-expanded={log} onClick={() => setLog(!log)}>
          {t("webhooks.log")}
        </Button>
        <Button size="s" onClick={() => setAsking("edit")}>
          {t("webhooks.edit")}
        </Button>
        <Button size="s" onClick={() => setAsking("secret")}>
          {t("webhooks.newSecret")}
        </Button>
        <Button size="s" look="danger" onClick={() => setAsking("remove")}>
          {t("webhooks.remove")}
        </Button>
      </div>
      {log && <WebhookLog project={project} webhook={of} />}
      {asking === "edit" && (
        <Dialog title={t("webhooks.editTitle", { host })} look="wide" onClose={close}>
          <WebhookForm
            start={of}
            action={t("common.save")}
            busy={change.isPending}
            error={change.error}
            onSubmit={({ url, kinds }) => change.mutate({ url, kinds })}
            onCancel={close}
          />
        </Dialog>
      )}
      {asking === "secret" && (
        <Confirm
          title={t("webhooks.newSecretTitle", { host })}
          text={t("webhooks.newSecretText")}
          action={t("webhooks.newSecret")}
          busy={renew.isPending}
          onConfirm={() => renew.mutate()}
          onClose={close}
        />
      )}
      {asking === "remove" && (
        <Confirm
          title={t("webhooks.removeTitle", { host })}
          text={t("webhooks.removeText")}
          action={t("webhooks.remove")}
          busy={remove.isPending}
          onConfirm={() => remove.mutate()}
          onClose={close}
        />
      )}
    </Card>
  );
}
