import {
  BookOpen,
  Check,
  ChevronLeft,
  CircleHelp,
  Ellipsis,
  Flag,
  Images,
  Search,
  SkipForward,
  Undo2,
} from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { LabelClass, Overview, Project } from "../../api/types";
import { IconButton } from "../../components/Button";
import { ClassTile } from "../../components/ClassTile";
import { Dialog } from "../../components/Dialog";
import { Offline } from "../../components/Offline";
import { showOverlay } from "../../components/overlays";
import { SearchList } from "../../components/SearchList";
import { count, percent } from "../../messages/i18n";
import styles from "./mobile.module.css";
import type { PanelProps } from "./Panel";
import { reasonWords } from "./reason";

export function MobileBar({
  project,
  overview,
  onFlag,
  onGuide,
  onSimilar,
}: {
  project: Project;
  overview: Overview | undefined;
  onFlag: () => void;
  onGuide: () => void;
  /** Missing where look-alikes would be a hint. */
  onSimilar?: () => void;
}) {
  const { t } = useTranslation();
  const round = overview?.round;
  return (
    <header className={styles.bar}>
      {round && <i className={styles.progress} style={{ width: `${(round.done / round.size) * 100}%` }} />}
      <Link to={`/projects/${project.id}`} className={styles.backLink} aria-label={t("nav.home")}>
        <ChevronLeft size={20} strokeWidth={1.5} aria-hidden />
      </Link>
      <h1>
        {round ? t("jobs.doneOf", { done: count(round.done), total: count(round.size) }) : t("nav.label")}
        {round && <small>{t("home.round", { number: round.number })}</small>}
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

function Options({
  desk,
  task,
  classes,
  classOf,
  onAll,
}: Omit<PanelProps, "search" | "onFlag"> & { onAll: () => void }) {
  const { t } = useTranslation();
  const shown: { of: LabelClass; confidence: number | null }[] = task.suggestion
    ? task.suggestion.top.slice(1, 4).flatMap((one) => {
        const of = classOf(one.class);
        return of ? [{ of, confidence: one.confidence }] : [];
      })
    : classes.slice(0, 5).map((of) => ({ of, confidence: null }));
  return (
    <div className={styles.options}>
      {shown.map(({ of, confidence }) => (
        <button key={of.id} type="button" onClick={() => desk.label(of.id)}>
          <ClassTile of={of} />
          <span>{of.name}</span>
          {confidence !== null && <small>{percent(confidence)}</small>}
        </button>
      ))}
      <button type="button" onClick={onAll} className={styles.all}>
        <Search size={16} strokeWidth={1.5} aria-hidden />
        <span>{t("label.allClasses", { count: classes.length })}</span>
      </button>
    </div>
  );
}

/** The same page in one hand: the whole picture above, answers at the thumb. */
export function MobileActions({ desk, task, classes, classOf }: Omit<PanelProps, "search" | "onFlag">) {
  const { t } = useTranslation();
  const [all, setAll] = useState(false);
  const { suggestion } = task;
  const best = suggestion && classOf(suggestion.top[0]?.class ?? suggestion.class);
  const share = suggestion?.top[0]?.confidence ?? suggestion?.confidence ?? 0;
  const why = reasonWords(t, task, classOf);
  return (
    <section className={styles.actions} aria-label={t("label.panel")}>
      <div className={styles.chip}>
        <Offline />
      </div>
      {best ? (
        <>
          <div className={styles.best}>
            <ClassTile of={best} size="l" />
            <h2 data-testid="suggestion-class">{best.name}</h2>
            <span>{percent(share)}</span>
          </div>
          <div className={styles.meter}>
            <i style={{ width: `${share * 100}%` }} />
          </div>
        </>
      ) : (
        <p className={styles.note}>{task.blind ? t("label.blind") : t("label.noSuggestion")}</p>
      )}
      {why && (
        <p className={styles.why} data-testid="why">
          {why}
        </p>
      )}
      <Options desk={desk} task={task} classes={classes} classOf={classOf} onAll={() => setAll(true)} />
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
        {best && (
          <button type="button" className={styles.accept} onClick={() => desk.pick(0)}>
            <Check size={18} strokeWidth={1.5} aria-hidden />
            <span>{t("label.acceptName", { name: best.name })}</span>
          </button>
        )}
      </div>
      {all && (
        <Dialog title={t("label.searchClass")} look="palette" bare onClose={() => setAll(false)}>
          <SearchList<LabelClass>
            items={classes}
            text={(one) => one.name}
            itemKey={(one) => one.id}
            label={t("label.searchClass")}
            placeholder={t("label.classPlaceholder")}
            empty={t("label.noSuchClass")}
            onLeave={() => setAll(false)}
            onPick={(one) => desk.label(one.id)}
            render={(one) => (
              <>
                <ClassTile of={one} />
                {one.name}
              </>
            )}
          />
        </Dialog>
      )}
    </section>
  );
}
