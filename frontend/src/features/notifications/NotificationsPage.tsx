import { CheckCheck } from "lucide-react";
import { useEffect } from "react";
import { useTranslation } from "react-i18next";
import { useSearchParams } from "react-router";
import { useNews, useNotifications } from "../../api/events";
import { Button } from "../../components/Button";
import { Failure, PageHead, Placeholder } from "../../components/Page";
import { Segmented } from "../../components/Segmented";
import { NotificationRow } from "./NotificationRow";
import styles from "./notifications.module.css";
import { useReading } from "./useReading";

/** All news of the last thirty days, across the person's projects. */
export function NotificationsPage() {
  const { t } = useTranslation();
  const [params, setParams] = useSearchParams();
  const unread = params.get("unread") === "1";
  const list = useNotifications(unread);
  const news = useNews();
  const reading = useReading();
  const rows = list.data?.pages.flatMap((page) => page.results);
  useEffect(() => {
    document.title = `${t("notifications.title")} · Annotator`;
  }, [t]);
  return (
    <main className={styles.page}>
      <PageHead title={t("notifications.title")} />
      <div className={styles.bar}>
        <Segmented
          label={t("notifications.show")}
          choices={[
            ["all", t("notifications.everything")],
            ["unread", t("notifications.onlyUnread")],
          ]}
          value={unread ? "unread" : "all"}
          onChange={(only) => setParams(only === "unread" ? { unread: "1" } : {}, { replace: true })}
        />
        <Button
          icon={<CheckCheck size={14} strokeWidth={1.5} aria-hidden />}
          disabled={reading.busy || !news.data?.unread}
          onClick={reading.all}
        >
          {t("notifications.readAll")}
        </Button>
      </div>
      {(list.error || reading.error) && (
        <Failure
          error={list.error ?? reading.error}
          retry={list.error ? () => void list.refetch() : undefined}
        />
      )}
      {!rows && !list.error && <Placeholder height={240} />}
      {rows?.length === 0 && (
        <div className={styles.empty}>
          <h2>{unread ? t("notifications.allRead") : t("notifications.none")}</h2>
          <p>{t("notifications.about")}</p>
        </div>
      )}
      {rows && rows.length > 0 && (
        <ul className={styles.list}>
          {rows.map((one) => (
            <NotificationRow key={one.id} of={one} onOpen={reading.one} />
          ))}
        </ul>
      )}
      {list.hasNextPage && (
        <Button disabled={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
          {t("notifications.older")}
        </Button>
      )}
    </main>
  );
}
