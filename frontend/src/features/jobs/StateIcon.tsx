import { Check, CircleAlert, CircleSlash, Clock, Loader } from "lucide-react";
import { useTranslation } from "react-i18next";
import type { JobState } from "../../api/types";
import styles from "./jobs.module.css";

const icons = {
  queued: Clock,
  running: Loader,
  succeeded: Check,
  failed: CircleAlert,
  cancelled: CircleSlash,
};

export function StateIcon({ state }: { state: JobState }) {
  const { t } = useTranslation();
  const Icon = icons[state];
  return (
    <span className={styles.icon} data-state={state} role="img" aria-label={t(`jobs.state.${state}`)}>
      <Icon size={16} strokeWidth={1.5} aria-hidden />
    </span>
  );
}
