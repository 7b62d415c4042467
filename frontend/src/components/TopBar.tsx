import { Menu as MenuIcon, Search } from "lucide-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { useNews } from "../api/events";
import { IconButton } from "./Button";
import { Offline } from "./Offline";
import { showOverlay } from "./overlays";
import styles from "./TopBar.module.css";

/** The bar above every room: where one is, what can be done here, and the way to everything else. */
export function TopBar({
  title,
  note,
  children,
}: {
  title: ReactNode;
  note?: ReactNode;
  children?: ReactNode;
}) {
  const { t } = useTranslation();
  const unread = (useNews().data?.unread ?? 0) > 0;
  return (
    <header className={styles.bar}>
      <IconButton
        label={unread ? t("nav.menuNews") : t("nav.menu")}
        className={styles.menu}
        onClick={() => showOverlay("nav")}
      >
        <MenuIcon size={18} strokeWidth={1.5} />
        {unread && <span className={styles.news} />}
      </IconButton>
      <h1 className={styles.title}>{title}</h1>
      {note && <div className={styles.note}>{note}</div>}
      <div className={styles.right}>
        <Offline />
        {children}
        <button type="button" className={styles.search} onClick={() => showOverlay("palette")}>
          <Search size={14} strokeWidth={1.5} aria-hidden />
          <span>{t("nav.search")}</span>
          <kbd aria-hidden>Ctrl K</kbd>
        </button>
      </div>
    </header>
  );
}
