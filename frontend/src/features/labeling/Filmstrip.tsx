import { History, Undo2 } from "lucide-react";
import { memo, useMemo } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { LabelClass, Verdict } from "../../api/types";
import { ClassTile } from "../../components/ClassTile";
import { KeyHint } from "../../components/KeyCaps";
import { count } from "../../messages/i18n";
import { DeskButton } from "./DeskButton";
import type { DeskController } from "./desk";
import styles from "./filmstrip.module.css";
import { latest, revisiting } from "./revisit";
import type { Done } from "./session";
import { saidNames } from "./sets";
import { useAfterPaint } from "./useDesk";

const behindShown = 6;
const aheadShown = 14;
const marks: Record<Exclude<Verdict, "label">, string> = { skip: "»", unsure: "?", flag: "⚑" };

interface Props {
  desk: DeskController;
  project: number;
  classOf: (id: number | null) => LabelClass | undefined;
}

interface AnsweredProps extends Pick<Props, "desk" | "classOf"> {
  done: Done;
  open: boolean;
}

/** An earlier answer: its picture, what was said, and the way back to it. */
const Answered = memo(function Answered({ desk, done, classOf, open }: AnsweredProps) {
  const { t } = useTranslation();
  const of = classOf(done.labels[0] ?? null);
  const names = saidNames(done.labels, classOf) || t("label.noClass");
  const word = done.verdict === "label" ? names : t(`label.${done.verdict}`);
  return (
    <li data-testid="answered-picture" data-open={open || undefined}>
      <DeskButton
        className={styles.cell}
        title={t("label.correct", { name: word })}
        aria-label={t("label.correct", { name: word })}
        onClick={() => desk.revisit(done.clientId)}
      >
        <img src={done.task.image.urls.thumb} alt="" draggable={false} />
        <span className={styles.mark}>
          {done.verdict !== "label" && marks[done.verdict]}
          {done.verdict === "label" && (of ? <ClassTile of={of} size="s" /> : "∅")}
          {done.labels.length > 1 && <small>+{done.labels.length - 1}</small>}
        </span>
      </DeskButton>
    </li>
  );
});

const Coming = memo(function Coming({ thumb }: { thumb: string }) {
  return (
    <li>
      <img src={thumb} alt="" draggable={false} />
    </li>
  );
});

interface WaysProps extends Pick<Props, "desk" | "project"> {
  /** There is nothing to take back. */
  none: boolean;
}

/** Back by one answer, and to all of them. */
const Ways = memo(function Ways({ desk, project, none }: WaysProps) {
  const { t } = useTranslation();
  return (
    <>
      <DeskButton className={styles.back} disabled={none} onClick={() => desk.undo()}>
        <Undo2 size={14} strokeWidth={1.5} aria-hidden />
        {t("label.back")} <KeyHint command="label.undo" />
      </DeskButton>
      <Link
        to={`/projects/${project}/history`}
        className={styles.history}
        aria-label={t("label.history")}
        title={t("label.history")}
      >
        <History size={14} strokeWidth={1.5} aria-hidden />
      </Link>
    </>
  );
});

/** Where one is: the last answers at the left, the current picture, and what comes. */
export const Filmstrip = memo(function Filmstrip({ desk, project, classOf }: Props) {
  const { t } = useTranslation();
  const view = useAfterPaint(desk.subscribe, desk.read);
  const { done, ahead } = view;
  const behind = useMemo(() => latest(done.slice(-3 * behindShown)).slice(-behindShown), [done]);
  const back = revisiting(view);
  // While an earlier answer is on the screen the strip stays where it was, with that answer marked.
  const [current, ...coming] = back ? ahead.slice(1) : ahead;
  const open = back ? ahead[0]?.image.id : undefined;
  return (
    <div className={styles.strip}>
      <Ways desk={desk} project={project} none={!done.length} />
      <ol className={styles.behind} aria-label={t("label.answered")}>
        {behind.map((one) => (
          <Answered
            key={one.clientId}
            desk={desk}
            done={one}
            classOf={classOf}
            open={one.task.image.id === open}
          />
        ))}
      </ol>
      <div className={styles.now} data-waits={back || undefined}>
        {current && <img src={current.image.urls.thumb} alt="" draggable={false} />}
      </div>
      <ol className={styles.ahead} aria-hidden>
        {coming.slice(0, aheadShown).map((task) => (
          <Coming key={task.image.id} thumb={task.image.urls.thumb} />
        ))}
      </ol>
      <span className={styles.ready}>
        {t("label.ready", { count: ahead.length, number: count(ahead.length) })}
      </span>
    </div>
  );
});
