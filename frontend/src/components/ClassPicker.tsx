import { ChevronLeft, ChevronRight } from "lucide-react";
import type { RefObject } from "react";
import { useTranslation } from "react-i18next";
import type { LabelClass } from "../api/types";
import styles from "./ClassPicker.module.css";
import { ClassTile } from "./ClassTile";
import { leaves } from "./classTree";
import { keepFocus } from "./keepFocus";
import { SearchList } from "./SearchList";
import type { ClassKeys } from "./useClassKeys";

/** Chips beside the search field; beyond this many the field is the way. */
const most = 24;

/** Every class within reach of a click, a letter or a few typed ones. `chosen` are pressed. */
export function ClassPicker({
  keys,
  classes,
  chosen,
  search,
  onPick,
}: {
  keys: ClassKeys;
  classes: LabelClass[];
  chosen: readonly number[];
  search: RefObject<HTMLInputElement | null>;
  onPick: (id: number) => void;
}) {
  const { t } = useTranslation();
  const { level, open, setOpen } = keys;
  const shown = level.choices.length > most ? level.choices.filter((one) => one.hotkey) : level.choices;
  return (
    <div className={styles.chips}>
      {open !== null && (
        <button type="button" className={styles.chip} onMouseDown={keepFocus} onClick={() => setOpen(null)}>
          <ChevronLeft size={14} strokeWidth={1.5} aria-hidden />
          {t("common.back")}
        </button>
      )}
      {shown.slice(0, most).map((one) => {
        const opens = level.groups.has(one.id);
        return (
          <button
            key={one.id}
            type="button"
            className={styles.chip}
            title={one.description || undefined}
            aria-pressed={opens ? undefined : chosen.includes(one.id)}
            aria-expanded={opens ? false : undefined}
            onMouseDown={keepFocus}
            onClick={() => (opens ? setOpen(one.id) : onPick(one.id))}
          >
            <ClassTile of={one} />
            <span className={styles.name}>{one.name}</span>
            {opens && <ChevronRight size={14} strokeWidth={1.5} aria-hidden />}
          </button>
        );
      })}
      <div className={styles.search}>
        <SearchList
          items={leaves(classes)}
          text={(one) => [one.name, ...one.aliases].join(" ")}
          itemKey={(one) => one.id}
          render={(one) => (
            <>
              <ClassTile of={one} /> {one.name}
            </>
          )}
          onPick={(one) => onPick(one.id)}
          onLeave={() => search.current?.blur()}
          label={t("label.searchClass")}
          placeholder={t("label.classPlaceholder")}
          empty={t("label.noClass")}
          floating
          keyHint="/"
          inputRef={search}
        />
      </div>
    </div>
  );
}
