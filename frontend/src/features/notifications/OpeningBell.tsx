/** The bell's button and panel, in a file of their own that no page waits for. */
import { CheckCheck } from "lucide-react";
import { useState } from "react";
import { Button as AriaButton, Dialog, DialogTrigger, Heading, Popover } from "react-aria-components";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { useNews } from "../../api/events";
import { Button } from "../../components/Button";
import { showOverlay } from "../../components/overlays";
import { Failure, Placeholder } from "../../components/Page";
import { Trigger } from "../../components/Trigger";
import { useNarrow } from "../../components/useNarrow";
import { BellFace, type BellProps, useUnread } from "./BellFace";
import { NotificationRow } from "./NotificationRow";
import styles from "./notifications.module.css";
import { useReading } from "./useReading";

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

/** `wanted` says that it was asked for before it was here. */
export default function OpeningBell({ compact, inHeader, wanted }: BellProps & { wanted: boolean }) {
  const [open, setOpen] = useState(wanted);
  const narrow = useNarrow();
  const unread = useUnread();
  const leave = () => {
    setOpen(false);
    showOverlay(null);
  };
  return (
    <DialogTrigger isOpen={open} onOpenChange={setOpen}>
      <AriaButton className={styles.bell} data-compact={compact || undefined} data-testid="bell">
        <Trigger label={unread.label}>
          <BellFace compact={compact} number={unread.number} />
        </Trigger>
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
