import { CloudOff } from "lucide-react";
import { useTranslation } from "react-i18next";
import styles from "./Offline.module.css";
import { useConnection } from "./online";

/** A quiet chip: the server is out of reach, and work goes on. */
export function Offline() {
  const { t } = useTranslation();
  const { online, kept } = useConnection();
  if (online) return null;
  return (
    <span className={styles.chip} role="status" data-testid="offline">
      <CloudOff size={14} strokeWidth={1.5} aria-hidden />
      {kept ? t("status.offlineKept", { count: kept }) : t("status.offline")}
    </span>
  );
}
