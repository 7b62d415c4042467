import { useTranslation } from "react-i18next";
import type { LabelClass } from "../../api/types";
import { DeskButton } from "./DeskButton";
import type { DeskController } from "./desk";
import styles from "./labelpage.module.css";
import { latest, revisiting } from "./revisit";
import { saidNames } from "./sets";
import { useWatch } from "./useDesk";

/** Says that an earlier answer is on the screen, what it was, and how to leave it as it is. */
export function EarlierNote({
  desk,
  classOf,
}: {
  desk: DeskController;
  classOf: (id: number | null) => LabelClass | undefined;
}) {
  const { t } = useTranslation();
  const done = useWatch(desk, (view) =>
    revisiting(view)
      ? (latest(view.done).find((one) => one.task.image.id === view.ahead[0]?.image.id) ?? null)
      : null,
  );
  const waits = useWatch(desk, (view) => view.awaiting !== null);
  if (!done) return null;
  const name =
    done.verdict === "label"
      ? saidNames(done.labels, classOf) || t("label.noClass")
      : t(`label.${done.verdict}`);
  return (
    <p className={styles.earlier} role="status" data-testid="earlier-note">
      <span>{waits ? t("label.earlierWaits") : t("label.youSaid", { name })}</span>
      <DeskButton onClick={() => desk.leave()}>
        {t("label.leaveEarlier")} <kbd aria-hidden>Esc</kbd>
      </DeskButton>
    </p>
  );
}
