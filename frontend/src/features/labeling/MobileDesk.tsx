import { BookOpen, ChevronLeft, CircleHelp, Ellipsis, Flag, Images, SkipForward, Undo2 } from "lucide-react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { useOverview } from "../../api/queries";
import type { LabelClass, Project } from "../../api/types";
import { IconButton } from "../../components/Button";
import { leaves } from "../../components/classTree";
import { Dialog } from "../../components/Dialog";
import { FocusNote } from "../../components/FocusChip";
import { Offline } from "../../components/Offline";
import { showOverlay } from "../../components/overlays";
import { SearchList } from "../../components/SearchList";
import { count } from "../../messages/i18n";
import { ClassOption, namesOf } from "./ClassOption";
import { Accept, Said } from "./MobileAnswer";
import { Options } from "./MobileOptions";
import styles from "./mobile.module.css";
import type { PanelProps } from "./Panel";
import { reasonWords } from "./reason";
import { ThreadNews } from "./ThreadNews";

export function MobileBar({
  project,
  onFlag,
  onGuide,
  onSimilar,
}: {
  project: Project;
  onFlag: () => void;
  onGuide: () => void;
  /** Missing where look-alikes would be a hint. */
  onSimilar?: () => void;
}) {
  const { t } = useTranslation();
  const round = useOverview(project.id).data?.round;
  return (
    <header className={styles.bar}>
      {round && <i className={styles.progress} style={{ width: `${(round.done / round.size) * 100}%` }} />}
      <Link to={`/projects/${project.id}`} className={styles.backLink} aria-label={t("nav.home")}>
        <ChevronLeft size={20} strokeWidth={1.5} aria-hidden />
      </Link>
      <h1>
        {round ? t("jobs.doneOf", { done: count(round.done), total: count(round.size) }) : t("nav.label")}
        <small>
          <FocusNote>{round && t("home.round", { number: round.number })}</FocusNote>
        </small>
      </h1>
      {onSimilar && (
        <IconButton label={t("similar.command")} onClick={onSimilar}>
          <Images size={18} strokeWidth={1.5} />
        </IconButton>
      )}
      <IconButton label={t("label.guide")} onClick={onGuide}>
        <BookOpen size={18} strokeWidth={1.5} />
      </IconButton>
      <IconButton label={t("label.flag")} onClick={onFlag}>
        <Flag size={18} strokeWidth={1.5} />
      </IconButton>
      <IconButton label={t("nav.menu")} onClick={() => showOverlay("nav")}>
        <Ellipsis size={18} strokeWidth={1.5} />
      </IconButton>
    </header>
  );
}

interface ActionsProps extends Omit<PanelProps, "search" | "onFlag"> {
  /** The list of all classes is open. */
  all: boolean;
  onAll: () => void;
  onClose: () => void;
}

/** The same page in one hand: the whole picture above, answers at the thumb. */
export function MobileActions({ desk, task, classes, classOf, all, onAll, onClose }: ActionsProps) {
  const { t } = useTranslation();
  const why = reasonWords(t, task, classOf);
  return (
    <section className={styles.actions} aria-label={t("label.panel")}>
      <div className={styles.chip}>
        <Offline />
        <ThreadNews project={desk.project} />
      </div>
      <Said desk={desk} task={task} classOf={classOf} />
      {why && (
        <p className={styles.why} data-testid="why">
          {why}
        </p>
      )}
      <Options desk={desk} task={task} classes={classes} classOf={classOf} onAll={onAll} />
      <div className={styles.row}>
        <button type="button" onClick={() => desk.undo()}>
          <Undo2 size={20} strokeWidth={1.5} aria-hidden /> {t("label.undo")}
        </button>
        <button type="button" onClick={() => desk.setVerdict("unsure")}>
          <CircleHelp size={20} strokeWidth={1.5} aria-hidden /> {t("label.unsure")}
        </button>
        <button type="button" onClick={() => desk.setVerdict("skip")}>
          <SkipForward size={20} strokeWidth={1.5} aria-hidden /> {t("label.skip")}
        </button>
        <Accept desk={desk} task={task} classOf={classOf} />
      </div>
      {all && (
        <Dialog title={t("label.searchClass")} look="palette" bare onClose={onClose}>
          <SearchList<LabelClass>
            items={leaves(classes)}
            text={namesOf}
            itemKey={(one) => one.id}
            label={t("label.searchClass")}
            placeholder={t("label.classPlaceholder")}
            empty={t("label.noSuchClass")}
            onLeave={onClose}
            onPick={(one) => desk.label(one.id)}
            render={(one, query) => <ClassOption of={one} query={query} group={classOf(one.parent)?.name} />}
          />
        </Dialog>
      )}
    </section>
  );
}
