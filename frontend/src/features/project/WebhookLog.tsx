import { useMutation, useQueryClient } from "@tanstack/react-query";
import { CircleAlert, CircleCheck, Clock } from "lucide-react";
import { useTranslation } from "react-i18next";
import { type Delivery, type EventKind, useDeliveries, type Webhook, webhooks } from "../../api/events";
import { keys } from "../../api/queries";
import { Badge } from "../../components/Badge";
import { Button } from "../../components/Button";
import { Failure, Placeholder } from "../../components/Page";
import { dateTime, duration } from "../../messages/i18n";
import { allKinds } from "./webhookKinds";
import styles from "./webhooks.module.css";

function useKindName(): (kind: string) => string {
  const { t } = useTranslation();
  return (kind) => {
    if (kind === "ping") return t("webhooks.ping");
    return allKinds.includes(kind as EventKind) ? t(`webhooks.kinds.${kind as EventKind}`) : kind;
  };
}

function State({ of, webhook }: { of: Delivery; webhook: Webhook }) {
  const { t } = useTranslation();
  if (of.state === "delivered")
    return (
      <Badge tone="good" icon={CircleCheck}>
        {t("webhooks.delivered")}
      </Badge>
    );
  if (of.state === "given_up")
    return (
      <Badge tone="bad" icon={CircleAlert}>
        {t("webhooks.givenUp")}
      </Badge>
    );
  const due = Math.max(Date.parse(of.next_at ?? ""), Date.parse(webhook.rests_until ?? "") || 0);
  const seconds = (due - Date.now()) / 1000;
  const waits = of.attempts > 0 || seconds > 5;
  return (
    <Badge tone={of.attempts > 0 ? "warn" : "plain"} icon={Clock}>
      {waits && seconds > 0 ? t("webhooks.nextTry", { time: duration(seconds) }) : t("webhooks.waiting")}
    </Badge>
  );
}

function Row({ project, webhook, of }: { project: number; webhook: Webhook; of: Delivery }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const nameOf = useKindName();
  const retry = useMutation({
    mutationFn: () => webhooks.retry(project, of.id),
    onSettled: () => client.invalidateQueries({ queryKey: keys.deliveries(project) }),
  });
  const facts = [
    of.attempts > 0 && t("webhooks.attempts", { count: of.attempts }),
    of.status !== null && t("webhooks.status", { status: of.status }),
    of.duration_ms !== null && `${of.duration_ms} ms`,
  ].filter(Boolean);
  return (
    <li className={styles.delivery} data-testid="delivery">
      <div className={styles.deliveryHead}>
        <State of={of} webhook={webhook} />
        <b>{nameOf(of.kind)}</b>
        {of.seq !== null && <span className={styles.faint}>#{of.seq}</span>}
        <time className={styles.faint} dateTime={of.created_at}>
          {dateTime(of.created_at)}
        </time>
        <span className={styles.gap} />
        <span className={styles.faint}>{facts.join(" · ")}</span>
        <Button
          size="s"
          look="quiet"
          disabled={retry.isPending}
          aria-label={t("webhooks.againLabel", { id: of.id })}
          onClick={() => retry.mutate()}
        >
          {t("webhooks.again")}
        </Button>
      </div>
      {of.error && <p className={styles.error}>{of.error}</p>}
      {of.excerpt && (
        <details>
          <summary>{t("webhooks.answer")}</summary>
          <pre>{of.excerpt}</pre>
        </details>
      )}
      {retry.error && <Failure error={retry.error} />}
    </li>
  );
}

/** What was sent to a webhook, newest first; new attempts appear by themselves. */
export function WebhookLog({ project, webhook }: { project: number; webhook: Webhook }) {
  const { t } = useTranslation();
  const { data, error, refetch, hasNextPage, isFetchingNextPage, fetchNextPage } = useDeliveries(
    project,
    webhook.id,
  );
  const rows = data?.pages.flatMap((page) => page.results);
  return (
    <section className={styles.log} aria-label={t("webhooks.log")}>
      {error && <Failure error={error} retry={() => void refetch()} />}
      {!rows && !error && <Placeholder height={80} />}
      {rows?.length === 0 && <p className={styles.faint}>{t("webhooks.logEmpty")}</p>}
      {rows && rows.length > 0 && (
        <ul>
          {rows.map((one) => (
            <Row key={one.id} project={project} webhook={webhook} of={one} />
          ))}
        </ul>
      )}
      {hasNextPage && (
        <Button size="s" disabled={isFetchingNextPage} onClick={() => void fetchNextPage()}>
          {t("notifications.older")}
        </Button>
      )}
    </section>
  );
}
