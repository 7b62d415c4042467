import { useTranslation } from "react-i18next";
import type { PanelProps } from "./Panel";
import styles from "./panel.module.css";
import { reasonWords } from "./reason";

export function Why({ task, classOf }: Pick<PanelProps, "task" | "classOf">) {
  const { t } = useTranslation();
  const { reason } = task;
  const words = reasonWords(t, task, classOf);
  if (!reason || words === null) return null;
  const facts = [
    reason.margin !== null && t("label.margin", { value: reason.margin.toFixed(2) }),
    reason.nearest_similarity !== null && t("label.nearest", { value: reason.nearest_similarity.toFixed(2) }),
    reason.look_alikes > 0 && t("label.lookAlikes", { value: reason.look_alikes }),
  ].filter(Boolean);
  return (
    <section className={styles.why} data-testid="why">
      <div className={styles.top}>
        <h3>{t("label.why")}</h3>
        {task.round_size > 0 && <span>{t("label.rank", { rank: task.rank, size: task.round_size })}</span>}
      </div>
      <p>{words}</p>
      {facts.length > 0 && <p className={styles.facts}>{facts.join(" · ")}</p>}
    </section>
  );
}
