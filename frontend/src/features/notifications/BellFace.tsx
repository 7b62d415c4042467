/** What the bell shows before and after its panel is here. */
import { Bell as BellIcon } from "lucide-react";
import { useTranslation } from "react-i18next";
import { useNews } from "../../api/events";
import styles from "./notifications.module.css";

export interface BellProps {
  /** Leaves the word away. */
  compact: boolean;
  inHeader?: boolean;
}

const most = 99;

/** The number of a bell: nothing, a number, or "99+". */
export function badge(unread: number): string {
  return unread > most ? `${most}+` : unread > 0 ? String(unread) : "";
}

/** How much is new, as a number and as the button's name. */
export function useUnread(): { number: string; label: string } {
  const { t } = useTranslation();
  const { data } = useNews();
  const unread = data?.unread ?? 0;
  const number = badge(unread);
  return {
    number,
    label: unread ? t("notifications.bell", { count: unread, number }) : t("notifications.title"),
  };
}

export function BellFace({ compact, number }: { compact: boolean; number: string }) {
  const { t } = useTranslation();
  return (
    <>
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
    </>
  );
}
