import { ChevronLeft, ChevronRight, Search } from "lucide-react";
import { useTranslation } from "react-i18next";
import type { LabelClass } from "../../api/types";
import { ClassTile } from "../../components/ClassTile";
import { leaves, levelOf } from "../../components/classTree";
import { percent } from "../../messages/i18n";
import { useSet } from "./LabelSet";
import styles from "./mobile.module.css";
import type { PanelProps } from "./Panel";
import { useWatch } from "./useDesk";

const suggestedShown = 3;
const classesShown = 5;

interface Option {
  of: LabelClass;
  confidence: number | null;
}

type OptionsProps = Omit<PanelProps, "search" | "onFlag"> & { onAll: () => void };

/** What the thumb can reach: the next guesses, else the first classes; or those of an open group. */
export function Options({ desk, task, classes, classOf, onAll }: OptionsProps) {
  const { t } = useTranslation();
  const open = useWatch(desk, (view) => view.open);
  const set = useSet(desk);
  const level = levelOf(classes, open);
  // Of one label the first guess has a button of its own; of several all stand here, to be taken in or out.
  const guesses = desk.several ? task.suggestion?.top : task.suggestion?.top.slice(1, 1 + suggestedShown);
  const ranked = (guesses ?? []).flatMap((one): Option[] => {
    const of = classOf(one.class);
    return of ? [{ of, confidence: one.confidence }] : [];
  });
  const plain = level.choices.map((of): Option => ({ of, confidence: null }));
  // Groups stay within reach beside the guesses.
  const groups = plain.filter(({ of }) => level.groups.has(of.id));
  const atTop = ranked.length ? [...ranked, ...groups] : plain.slice(0, classesShown);
  const shown = open === null ? atTop : plain;
  const choosable = leaves(classes).length;
  return (
    <div className={styles.options} data-many={shown.length > classesShown || undefined}>
      {open !== null && (
        <button type="button" className={styles.all} onClick={() => desk.openGroup(null)}>
          <ChevronLeft size={16} strokeWidth={1.5} aria-hidden />
          <span>{classOf(open)?.name}</span>
        </button>
      )}
      {shown.map(({ of, confidence }) => {
        const group = level.groups.has(of.id);
        return (
          <button
            key={of.id}
            type="button"
            data-class-id={of.id}
            aria-pressed={desk.several && !group ? set.includes(of.id) : undefined}
            aria-expanded={group ? false : undefined}
            onClick={() => (group ? desk.openGroup(of.id) : desk.label(of.id))}
          >
            <ClassTile of={of} />
            <span>{of.name}</span>
            {confidence !== null && <small>{percent(confidence)}</small>}
            {group && <ChevronRight size={16} strokeWidth={1.5} aria-hidden />}
          </button>
        );
      })}
      {open === null && (
        <button type="button" onClick={onAll} className={styles.all}>
          <Search size={16} strokeWidth={1.5} aria-hidden />
          <span>{t("label.allClasses", { count: choosable })}</span>
        </button>
      )}
    </div>
  );
}
