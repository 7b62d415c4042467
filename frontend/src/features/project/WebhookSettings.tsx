import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Copy } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { useWebhooks, webhooks } from "../../api/events";
import { keys } from "../../api/queries";
import { Button } from "../../components/Button";
import { Card, Failure, Placeholder } from "../../components/Page";
import { showToast } from "../../components/toasts";
import { useProjectContext } from "../../components/useProjectContext";
import { WebhookCard } from "./WebhookCard";
import { type WebhookDraft, WebhookForm } from "./WebhookForm";
import { usualKinds } from "./webhookKinds";
import styles from "./webhooks.module.css";

/** The one time that a secret is shown. */
function Secret({ value, onClose }: { value: string; onClose: () => void }) {
  const { t } = useTranslation();
  const place = useRef<HTMLElement>(null);
  useEffect(() => place.current?.scrollIntoView({ block: "center" }), []);
  const copy = async () => {
    await navigator.clipboard.writeText(value);
    showToast(t("webhooks.copied"), { tone: "good" });
  };
  return (
    <section
      ref={place}
      className={styles.secret}
      aria-label={t("webhooks.secret")}
      data-testid="webhook-secret"
    >
      <p>{t("webhooks.secretOnce")}</p>
      <code>{value}</code>
      <div className={styles.actions}>
        {"clipboard" in navigator && (
          <Button
            size="s"
            icon={<Copy size={14} strokeWidth={1.5} aria-hidden />}
            onClick={() => void copy()}
          >
            {t("webhooks.copy")}
          </Button>
        )}
        <Button size="s" onClick={onClose}>
          {t("webhooks.kept")}
        </Button>
      </div>
    </section>
  );
}

function AddWebhook({
  project,
  onSecret,
  onClose,
}: {
  project: number;
  onSecret: (secret: string) => void;
  onClose: () => void;
}) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const add = useMutation({
    mutationFn: (draft: WebhookDraft) => webhooks.create(project, draft),
    onSuccess: ({ secret }) => {
      onSecret(secret);
      onClose();
      return client.invalidateQueries({ queryKey: keys.webhooks(project) });
    },
  });
  return (
    <Card title={t("webhooks.add")}>
      <WebhookForm
        start={{ url: "", kinds: usualKinds }}
        action={t("webhooks.add")}
        busy={add.isPending}
        error={add.error}
        onSubmit={add.mutate}
        onCancel={onClose}
      />
    </Card>
  );
}

/** The addresses that are told of the project's events; for leads. */
export function WebhookSettings() {
  const { t } = useTranslation();
  const project = useProjectContext();
  const leads = project.role === "lead";
  const { data, error, refetch } = useWebhooks(project.id, leads);
  const [adding, setAdding] = useState(false);
  const [secret, setSecret] = useState<string | null>(null);
  if (!leads)
    return (
      <Card title={t("webhooks.title")}>
        <p className={styles.faint}>{t("webhooks.leadsOnly")}</p>
      </Card>
    );
  return (
    <>
      <Card
        title={t("webhooks.title")}
        aside={
          !adding && (
            <Button look="primary" onClick={() => setAdding(true)}>
              {t("webhooks.add")}
            </Button>
          )
        }
      >
        <p className={styles.faint}>{t("webhooks.about")}</p>
        {error && <Failure error={error} retry={() => void refetch()} />}
        {!data && !error && <Placeholder height={80} />}
        {data?.results.length === 0 && !adding && <p className={styles.note}>{t("webhooks.none")}</p>}
        {secret && <Secret key={secret} value={secret} onClose={() => setSecret(null)} />}
      </Card>
      {adding && <AddWebhook project={project.id} onSecret={setSecret} onClose={() => setAdding(false)} />}
      {data?.results.map((one) => (
        <WebhookCard key={one.id} project={project.id} of={one} onSecret={setSecret} />
      ))}
    </>
  );
}
