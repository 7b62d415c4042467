import { CircleHelp, Flag, Search, SkipForward, X, ZoomIn } from "lucide-react";
import { type ReactNode, useLayoutEffect, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import type { LabelClass } from "../../api/types";
import { IconButton } from "../../components/Button";
import { ClassTile } from "../../components/ClassTile";
import { KeyHint } from "../../components/KeyCaps";
import { SearchList } from "../../components/SearchList";
import { beside, type Fit, place } from "./arithmetic";
import { childrenOf, leaves, topClasses } from "./classes";
import type { DeskView, VerifyDesk } from "./desk";
import { edge, gap, type RoomSize } from "./PageGrid";
import { labelOf, type Mark } from "./pages";
import styles from "./popover.module.css";

/** A button that a click does not focus, so that Enter still confirms the page. */
function Choice({
  chosen,
  onClick,
  children,
}: {
  chosen?: boolean;
  onClick: () => void;
  children: ReactNode;
}) {
  return (
    <button
      type="button"
      className={styles.choice}
      aria-pressed={chosen}
      onMouseDown={(event) => event.preventDefault()}
      onClick={onClick}
    >
      {children}
    </button>
  );
}

/** Beyond this many, the search field is the way. */
const shownAtMost = 17;

interface Props {
  desk: VerifyDesk;
  view: DeskView;
  classes: LabelClass[];
  classOf: (id: number | null) => LabelClass | undefined;
  searching: boolean;
  onSearch: (on: boolean) => void;
  onCloser: () => void;
  /** At the thumb instead of beside the cell. */
  sheet: boolean;
}

function useChoices({ view, classes, desk }: Pick<Props, "view" | "classes" | "desk">): LabelClass[] {
  const { page } = desk;
  const own = page ? labelOf(view, page) : null;
  const { group } = view;
  return useMemo(() => {
    const some = group === null ? topClasses(classes) : childrenOf(classes, group);
    const others = some.filter((one) => one.id !== own);
    if (others.length <= shownAtMost) return others;
    return [...others].sort((a, b) => Number(!a.hotkey) - Number(!b.hotkey)).slice(0, shownAtMost);
  }, [classes, group, own]);
}

/** What an exception is instead: a class by its letter, or that it cannot be said. */
export function Choices(props: Props) {
  const { desk, view, classes, classOf, searching, onSearch, onCloser, sheet } = props;
  const { t } = useTranslation();
  const { page } = desk;
  const own = page ? classOf(labelOf(view, page)) : undefined;
  const choices = useChoices(props);
  const mark = view.marks.get(view.asking[0] ?? -1);
  const say = (said: Mark) => desk.step({ do: "say", mark: said });
  const pick = (one: LabelClass) => {
    onSearch(false);
    if (view.group === null && childrenOf(classes, one.id).length)
      desk.step({ do: "open-group", group: one.id });
    else say({ verdict: "label", label: one.id });
  };
  const lines = Math.ceil((choices.length + 4) / 2);
  return (
    <>
      <header className={styles.head}>
        <b>
          {view.asking.length > 1
            ? t("verify.notThese", { name: own?.name ?? "", count: view.asking.length })
            : own
              ? t("verify.notThis", { name: own.name })
              : t("verify.itIs")}
        </b>
        <IconButton
          label={t("verify.closer")}
          className={styles.closer}
          onMouseDown={(event) => event.preventDefault()}
          onClick={onCloser}
        >
          <ZoomIn size={16} strokeWidth={1.5} />
        </IconButton>
        <IconButton
          label={t("common.close")}
          className={styles.closer}
          onMouseDown={(event) => event.preventDefault()}
          onClick={() => desk.step({ do: "close" })}
        >
          <X size={18} strokeWidth={1.5} />
        </IconButton>
        <KeyHint command="verify.leave" />
      </header>
      {searching ? (
        <SearchList<LabelClass>
          autoFocus
          items={leaves(classes).filter((one) => one.id !== own?.id)}
          text={(one) => one.name}
          itemKey={(one) => one.id}
          label={t("label.searchClass")}
          placeholder={t("label.classPlaceholder")}
          empty={t("label.noSuchClass")}
          onLeave={() => onSearch(false)}
          onPick={(one) => say({ verdict: "label", label: one.id })}
          render={(one) => (
            <>
              <ClassTile of={one} />
              {one.name}
            </>
          )}
        />
      ) : (
        <div
          className={styles.choices}
          style={sheet ? undefined : { gridTemplateRows: `repeat(${lines}, auto)` }}
        >
          {choices.map((one) => (
            <Choice key={one.id} chosen={mark?.label === one.id} onClick={() => pick(one)}>
              <ClassTile of={one} />
              <span className={styles.name}>{one.name}</span>
            </Choice>
          ))}
          <Choice onClick={() => onSearch(true)}>
            <Search size={16} strokeWidth={1.5} aria-hidden />
            <span className={styles.name}>{t("verify.find")}</span>
            <KeyHint command="verify.search" />
          </Choice>
          <Choice chosen={mark?.verdict === "unsure"} onClick={() => say({ verdict: "unsure", label: null })}>
            <CircleHelp size={16} strokeWidth={1.5} aria-hidden />
            <span className={styles.name}>{t("verify.verdict.unsure")}</span>
            <KeyHint command="verify.unsure" />
          </Choice>
          <Choice chosen={mark?.verdict === "skip"} onClick={() => say({ verdict: "skip", label: null })}>
            <SkipForward size={16} strokeWidth={1.5} aria-hidden />
            <span className={styles.name}>{t("verify.verdict.skip")}</span>
            <KeyHint command="verify.skip" />
          </Choice>
          <Choice chosen={mark?.verdict === "flag"} onClick={() => say({ verdict: "flag", label: null })}>
            <Flag size={16} strokeWidth={1.5} aria-hidden />
            <span className={styles.name}>{t("verify.verdict.flag")}</span>
            <KeyHint command="verify.flag" />
          </Choice>
        </div>
      )}
    </>
  );
}

/** The choices beside the exception; on a phone, at the thumb. */
export function ExceptionPopover({
  grid,
  room,
  scroll,
  ...props
}: Props & { grid: Fit; room: RoomSize; scroll: () => number }) {
  const { t } = useTranslation();
  const { view, desk } = props;
  const ref = useRef<HTMLElement>(null);
  const [at, setAt] = useState<[number, number] | null>(null);
  const last = view.asking.at(-1);
  const index = desk.page?.pictures.findIndex((one) => one.image.id === last) ?? -1;
  const { searching, sheet } = props;
  // biome-ignore lint/correctness/useExhaustiveDependencies: what is inside decides how large it is
  useLayoutEffect(() => {
    const element = ref.current;
    if (!element || sheet || index < 0) return;
    const [left, top] = place(grid, gap, index);
    const cell = { left: left + edge, top: top + edge - scroll(), width: grid.wide, height: grid.tall };
    setAt(beside(cell, { width: element.offsetWidth, height: element.offsetHeight }, room));
  }, [grid.wide, grid.tall, grid.columns, room.width, room.height, index, sheet, searching, view.group]);
  if (index < 0) return null;
  const style = sheet || !at ? undefined : { left: at[0], top: at[1] };
  return (
    <section
      ref={ref}
      className={styles.popover}
      data-sheet={sheet || undefined}
      data-testid="verify-popover"
      aria-label={t("verify.itIs")}
      style={style}
    >
      <Choices {...props} />
    </section>
  );
}
