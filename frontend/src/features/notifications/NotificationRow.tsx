import { Bell, CircleAlert, CircleCheck } from "lucide-react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { Notification } from "../../api/events";
import { ago, dateTime, duration } from "../../messages/i18n";
import styles from "./notifications.module.css";
import { linkOf, toneOf, wordsOf } from "./words";

const icons = { good: CircleCheck, bad: CircleAlert, plain: Bell };

/** One piece of news: what happened, where and when; it leads to the thing. */
export function NotificationRow({ of, onOpen }: { of: Notification; onOpen: (of: Notification) => void }) {
  const { t } = useTranslation();
  const tone = toneOf(of);
  const Icon = icons[tone];
  const seconds = ago(of.created_at);
  const time = seconds < 60 ? t("activity.now") : t("notifications.ago", { time: duration(seconds) });
  return (
    <li>
      <Link
        to={linkOf(of)}
        className={styles.row}
        data-unread={!of.read || undefined}
        data-testid="notification"
        onClick={() => onOpen(of)}
      >
        <Icon size={16} strokeWidth={1.5} className={styles.icon} data-tone={tone} aria-hidden />
        <span className={styles.text}>
          <span className={styles.words}>{wordsOf(t, of)}</span>
          <span className={styles.where}>
            {of.project.name} ·{" "}
            <time dateTime={of.created_at} title={dateTime(of.created_at)}>
              {time}
            </time>
          </span>
        </span>
        {!of.read && (
          <span className={styles.dot}>
            <span className="visually-hidden">{t("notifications.unread")}</span>
          </span>
        )}
      </Link>
    </li>
  );
}
