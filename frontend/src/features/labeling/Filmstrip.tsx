import { Undo2 } from "lucide-react";
import { useTranslation } from "react-i18next";
import type { LabelClass, Verdict } from "../../api/types";
import { ClassTile } from "../../components/ClassTile";
import { count } from "../../messages/i18n";
import { DeskButton } from "./DeskButton";
import type { DeskController, DeskView } from "./desk";
import styles from "./filmstrip.module.css";

const behindShown = 6;
const aheadShown = 14;
const marks: Record<Exclude<Verdict, "label">, string> = { skip: "»", unsure: "?", flag: "⚑" };

interface Props {
  desk: DeskController;
  view: DeskView;
  classOf: (id: number | null) => LabelClass | undefined;
}

/** Where one is: the last answers at the left, the current picture, and what comes. */
export function Filmstrip({ desk, view, classOf }: Props) {
  const { t } = useTranslation();
  const behind = view.done.slice(-behindShown);
  const [current, ...ahead] = view.ahead;
  return (
    <div className={styles.strip}>
      <DeskButton className={styles.back} disabled={!view.done.length} onClick={() => desk.undo()}>
        <Undo2 size={14} strokeWidth={1.5} aria-hidden />
        {t("label.back")} <kbd aria-hidden>Z</kbd>
      </DeskButton>
      <ol className={styles.behind} aria-label={t("label.answered")}>
        {behind.map((done) => {
          const of = classOf(done.labels[0] ?? null);
          const word = done.verdict === "label" ? (of?.name ?? "") : t(`label.${done.verdict}`);
          return (
            <li key={done.clientId} title={word} data-testid="answered-picture">
              <img src={done.task.image.urls.thumb} alt={word} />
              <span className={styles.mark}>
                {done.verdict === "label" ? of && <ClassTile of={of} size="s" /> : marks[done.verdict]}
              </span>
            </li>
          );
        })}
      </ol>
      <div className={styles.now}>{current && <img src={current.image.urls.thumb} alt="" />}</div>
      <ol className={styles.ahead} aria-hidden>
        {ahead.slice(0, aheadShown).map((task) => (
          <li key={task.image.id}>
            <img src={task.image.urls.thumb} alt="" />
          </li>
        ))}
      </ol>
      <span className={styles.ready}>
        {t("label.ready", { count: view.ahead.length, number: count(view.ahead.length) })}
      </span>
    </div>
  );
}
