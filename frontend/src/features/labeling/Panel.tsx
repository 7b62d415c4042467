import { CircleHelp, Flag, SkipForward } from "lucide-react";
import { type RefObject, useMemo } from "react";
import { useTranslation } from "react-i18next";
import type { LabelClass, Task } from "../../api/types";
import { ClassTile } from "../../components/ClassTile";
import { SearchList } from "../../components/SearchList";
import { percent } from "../../messages/i18n";
import { DeskButton } from "./DeskButton";
import type { DeskController } from "./desk";
import styles from "./panel.module.css";
import { reasonWords } from "./reason";

export interface PanelProps {
  desk: DeskController;
  task: Task;
  classes: LabelClass[];
  classOf: (id: number | null) => LabelClass | undefined;
  search: RefObject<HTMLInputElement | null>;
  onFlag: () => void;
}

/** Chips beside the ranked ones; beyond this many the search field is the way. */
const chipsShown = 14;
const chipsAlone = 24;

export function Suggestion({ desk, task, classOf }: Pick<PanelProps, "desk" | "task" | "classOf">) {
  const { t } = useTranslation();
  const { suggestion } = task;
  if (!suggestion) {
    return (
      <p className={styles.none} data-testid={task.blind ? "blind-note" : "no-suggestion"}>
        {task.blind ? t("label.blind") : t("label.noSuggestion")}
      </p>
    );
  }
  const [first, ...others] = suggestion.top;
  const best = classOf(first?.class ?? suggestion.class);
  const share = first?.confidence ?? suggestion.confidence;
  return (
    <>
      <div className={styles.top}>
        <span>{t("label.suggestion")}</span>
        <span>{suggestion.head}</span>
      </div>
      <div className={styles.best}>
        {best && <ClassTile of={best} size="l" />}
        <h2 data-testid="suggestion-class" data-class-id={best?.id}>
          {best?.name}
        </h2>
        <span data-testid="suggestion-confidence">{percent(share)}</span>
      </div>
      <div className={styles.meter} data-first>
        <i style={{ width: `${share * 100}%` }} />
      </div>
      <DeskButton className={styles.accept} onClick={() => desk.pick(0)}>
        <span>{t("label.accept")}</span>
        <kbd aria-hidden>1</kbd>
        <kbd aria-hidden>Enter</kbd>
      </DeskButton>
      <ol className={styles.ranked}>
        {others.map((ranked, index) => {
          const of = classOf(ranked.class);
          return (
            of && (
              <li key={ranked.class}>
                <DeskButton onClick={() => desk.pick(index + 1)}>
                  <kbd aria-hidden>{index + 2}</kbd>
                  <ClassTile of={of} />
                  <span className={styles.rankedName}>{of.name}</span>
                  <span>{percent(ranked.confidence)}</span>
                  <div className={styles.meter}>
                    <i style={{ width: `${ranked.confidence * 100}%` }} />
                  </div>
                </DeskButton>
              </li>
            )
          );
        })}
      </ol>
    </>
  );
}

export function ClassSearch({ desk, classes, search }: Pick<PanelProps, "desk" | "classes" | "search">) {
  const { t } = useTranslation();
  return (
    <SearchList<LabelClass>
      floating
      items={classes}
      text={(one) => one.name}
      itemKey={(one) => one.id}
      inputRef={search}
      label={t("label.searchClass")}
      placeholder={t("label.classPlaceholder")}
      empty={t("label.noSuchClass")}
      keyHint="/"
      onLeave={() => search.current?.blur()}
      onPick={(one) => desk.label(one.id)}
      render={(one) => (
        <>
          <ClassTile of={one} />
          {one.name}
        </>
      )}
    />
  );
}

function Chips({ desk, task, classes, search }: PanelProps) {
  const rest = useMemo(() => {
    const ranked = new Set(task.suggestion?.top.map((one) => one.class));
    const others = classes.filter((one) => !ranked.has(one.id));
    const limit = task.suggestion ? chipsShown : chipsAlone;
    if (others.length <= limit) return others;
    return [...others].sort((a, b) => Number(!a.hotkey) - Number(!b.hotkey)).slice(0, limit);
  }, [classes, task.suggestion]);
  const more = classes.length > chipsAlone;
  const field = (
    <div className={styles.search} data-first={more || undefined}>
      <ClassSearch desk={desk} classes={classes} search={search} />
    </div>
  );
  return (
    <div className={styles.chips}>
      {more && field}
      {rest.map((one) => (
        <DeskButton
          key={one.id}
          className={styles.chip}
          data-testid="class-chip"
          title={one.description || undefined}
          onClick={() => desk.label(one.id)}
        >
          <ClassTile of={one} />
          <span className={styles.chipName}>{one.name}</span>
        </DeskButton>
      ))}
      {!more && field}
    </div>
  );
}

function Why({ task, classOf }: Pick<PanelProps, "task" | "classOf">) {
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

/** Everything that can be said about the picture, at its right. */
export function Panel(props: PanelProps) {
  const { t } = useTranslation();
  const { desk, task, classOf, onFlag } = props;
  return (
    <aside className={styles.panel} aria-label={t("label.panel")}>
      <div className={styles.scroll}>
        <section className={styles.say}>
          <Suggestion {...props} />
          <Chips {...props} />
        </section>
        <Why task={task} classOf={classOf} />
      </div>
      <footer className={styles.other}>
        <DeskButton onClick={() => desk.setVerdict("unsure")}>
          <CircleHelp size={16} strokeWidth={1.5} aria-hidden /> {t("label.unsure")} <kbd aria-hidden>U</kbd>
        </DeskButton>
        <DeskButton onClick={() => desk.setVerdict("skip")}>
          <SkipForward size={16} strokeWidth={1.5} aria-hidden /> {t("label.skip")} <kbd aria-hidden>S</kbd>
        </DeskButton>
        <DeskButton onClick={onFlag}>
          <Flag size={16} strokeWidth={1.5} aria-hidden /> {t("label.flag")} <kbd aria-hidden>F</kbd>
        </DeskButton>
      </footer>
    </aside>
  );
}
