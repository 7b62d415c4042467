import { Bell as BellIcon, CheckCheck } from "lucide-react";
import { useState } from "react";
import { Button as AriaButton, Dialog, DialogTrigger, Heading, Popover } from "react-aria-components";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { useNews } from "../../api/events";
import { Button } from "../../components/Button";
import { showOverlay } from "../../components/overlays";
import { Failure, Placeholder } from "../../components/Page";
import { useNarrow } from "../../components/useNarrow";
import { NotificationRow } from "./NotificationRow";
import styles from "./notifications.module.css";
import { useReading } from "./useReading";

const most = 99;

/** The number of a bell: nothing, a number, or "99+". */
export function badge(unread: number): string {
  return unread > most ? `${most}+` : unread > 0 ? String(unread) : "";
}

function Panel({ onLeave }: { onLeave: () => void }) {
  const { t } = useTranslation();
  const { data, error, refetch } = useNews();
  const reading = useReading();
  return (
    <>
      <header className={styles.head}>
        <Heading slot="title">{t("notifications.title")}</Heading>
        {data && data.unread > 0 && (
          <Button
            size="s"
            look="quiet"
            icon={<CheckCheck size={14} strokeWidth={1.5} aria-hidden />}
            disabled={reading.busy}
            onClick={reading.all}
          >
            {t("notifications.readAll")}
          </Button>
        )}
      </header>
      {(error || reading.error) && (
        <Failure error={error ?? reading.error} retry={error ? () => void refetch() : undefined} />
      )}
      {!data && !error && <Placeholder height={160} />}
      {data?.results.length === 0 && <p className={styles.none}>{t("notifications.none")}</p>}
      <ul className={styles.panelList}>
        {data?.results.map((one) => (
          <NotificationRow
            key={one.id}
            of={one}
            onOpen={() => {
              reading.one(one);
              onLeave();
            }}
          />
        ))}
      </ul>
      <Link to="/notifications" className={styles.all} onClick={onLeave}>
        {t("notifications.seeAll")}
      </Link>
    </>
  );
}

/** The bell of the shell: how much is new, and the newest at a click. `compact` leaves the word away. */
export function Bell({ compact, inHeader = false }: { compact: boolean; inHeader?: boolean }) {
  const { t } = useTranslation();
  const [open, setOpen] = useState(false);
  const narrow = useNarrow();
  const { data } = useNews();
  const unread = data?.unread ?? 0;
  const number = badge(unread);
  const leave = () => {
    setOpen(false);
    showOverlay(null);
  };
  return (
    <DialogTrigger isOpen={open} onOpenChange={setOpen}>
      <AriaButton
        className={styles.bell}
        data-compact={compact || undefined}
        data-testid="bell"
        aria-label={unread ? t("notifications.bell", { count: unread, number }) : t("notifications.title")}
      >
        <span className={styles.bellIcon}>
          <BellIcon size={18} strokeWidth={1.5} aria-hidden />
          {compact && number && <span className={styles.mark} aria-hidden />}
        </span>
        {!compact && <span className={styles.bellText}>{t("notifications.title")}</span>}
        {!compact && number && (
          <span className={styles.count} aria-hidden>
            {number}
          </span>
        )}
      </AriaButton>
      <Popover
        className={styles.popover}
        placement={inHeader ? "bottom end" : narrow ? "top start" : "right bottom"}
        offset={8}
      >
        <Dialog className={styles.panel}>
          <Panel onLeave={leave} />
        </Dialog>
      </Popover>
    </DialogTrigger>
  );
}
