import { ChevronLeft, ChevronRight } from "lucide-react";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import type { LabelClass } from "../../api/types";
import { ClassTile } from "../../components/ClassTile";
import { leaves, levelOf } from "../../components/classTree";
import { ClassSearch } from "./ClassSearch";
import { DeskButton } from "./DeskButton";
import type { DeskController } from "./desk";
import { useSet } from "./LabelSet";
import type { PanelProps } from "./Panel";
import styles from "./panel.module.css";
import { fitting, recentClasses } from "./recent";
import { useWatch } from "./useDesk";

/** Chips beside the ranked ones; beyond this many the search field is the way. */
const chipsShown = 14;
const chipsAlone = 24;
/** So many of the classes given last have a chip in any case. */
const recentShown = 6;

interface ChipProps {
  desk: DeskController;
  of: LabelClass;
  /** It opens other classes. */
  group: boolean;
  /** In the picture's set, or one of its classes is; undefined where there are no sets. */
  chosen: boolean | undefined;
}

function Chip({ desk, of, group, chosen }: ChipProps) {
  return (
    <DeskButton
      className={styles.chip}
      data-testid="class-chip"
      data-class-id={of.id}
      data-chosen={chosen || undefined}
      title={of.description || undefined}
      aria-pressed={group ? undefined : chosen}
      aria-expanded={group ? false : undefined}
      onClick={() => (group ? desk.openGroup(of.id) : desk.label(of.id))}
    >
      <ClassTile of={of} />
      <span className={styles.chipName}>{of.name}</span>
      {group && <ChevronRight size={14} strokeWidth={1.5} aria-hidden />}
    </DeskButton>
  );
}

/** The way back from the classes of a group. */
export function BackChip({ desk, of }: { desk: DeskController; of: LabelClass | undefined }) {
  const { t } = useTranslation();
  return (
    <DeskButton
      className={styles.chip}
      data-testid="close-group"
      aria-label={t("label.closeGroup")}
      onClick={() => desk.openGroup(null)}
    >
      <ChevronLeft size={14} strokeWidth={1.5} aria-hidden />
      <span className={styles.chipName}>{of?.name}</span>
      <kbd aria-hidden>Esc</kbd>
    </DeskButton>
  );
}

/** As a text, so that nothing is rendered again while the same classes are recent. */
function useRecent(desk: DeskController): ReadonlySet<number> {
  const ids = useWatch(desk, (view) =>
    recentClasses(view.done, recentShown)
      .sort((a, b) => a - b)
      .join(),
  );
  return useMemo(() => new Set(ids.split(",").map(Number)), [ids]);
}

export function Chips({ desk, task, classes, classOf, search }: PanelProps) {
  const open = useWatch(desk, (view) => view.open);
  const set = useSet(desk);
  const recent = useRecent(desk);
  const level = useMemo(() => levelOf(classes, open), [classes, open]);
  const choosable = useMemo(() => leaves(classes), [classes]);
  const rest = useMemo(() => {
    const ranked = new Set(open === null ? task.suggestion?.top.map((one) => one.class) : []);
    const others = level.choices.filter((one) => !ranked.has(one.id));
    return fitting(others, recent, ranked.size ? chipsShown : chipsAlone);
  }, [level, open, recent, task.suggestion]);
  const chosen = (one: LabelClass) =>
    set.some((id) => id === one.id || (level.groups.has(one.id) && classOf(id)?.parent === one.id));
  const more = choosable.length > chipsAlone;
  const field = (
    <div className={styles.search} data-first={more || undefined}>
      <ClassSearch desk={desk} classes={choosable} classOf={classOf} search={search} />
    </div>
  );
  return (
    <div className={styles.chips}>
      {more && field}
      {open !== null && <BackChip desk={desk} of={classOf(open)} />}
      {rest.map((one) => (
        <Chip
          key={one.id}
          desk={desk}
          of={one}
          group={level.groups.has(one.id)}
          chosen={desk.several ? chosen(one) : undefined}
        />
      ))}
      {!more && field}
    </div>
  );
}
