import { ArrowRight, GitCompareArrows, Maximize2, Undo2 } from "lucide-react";
import { type ReactNode, type RefObject, useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import type { HistoryRow } from "../../api/history";
import type { LabelClass } from "../../api/types";
import { Button } from "../../components/Button";
import { ClassPicker } from "../../components/ClassPicker";
import { Facts } from "../../components/Facts";
import { Labels, labelNames, type Tiles } from "../../components/Labels";
import { trustName } from "../../components/trust";
import type { ClassKeys } from "../../components/useClassKeys";
import { dateTime } from "../../messages/i18n";
import styles from "./panel.module.css";
import { FateBadge, Said, Suggested } from "./Row";
import { fateOf } from "./rows";
import type { Clash } from "./useCorrections";

interface ClashProps {
  clash: Clash;
  tiles: Tiles;
  onKeep: () => void;
  onSet: () => void;
}

/** Two labels for one picture: the person who is here chooses. */
function ClashBox({ clash, tiles, onKeep, onSet }: ClashProps) {
  const { t } = useTranslation();
  const [theirs, mine] = [labelNames(clash.theirs, tiles), labelNames(clash.mine, tiles)];
  const box = useRef<HTMLElement>(null);
  // Enter and Escape answer the question, wherever the focus was.
  useEffect(() => box.current?.focus({ preventScroll: true }), []);
  return (
    <section ref={box} tabIndex={-1} className={styles.clash} role="alert" data-testid="history-clash">
      <h3>
        <GitCompareArrows size={16} strokeWidth={1.5} aria-hidden /> {t("history.clash")}
      </h3>
      <p>{t("history.clashText")}</p>
      <div className={styles.both}>
        <span>
          <small>{t("history.theirs")}</small>
          <Labels ids={clash.theirs} tiles={tiles} />
        </span>
        <ArrowRight size={16} strokeWidth={1.5} aria-hidden />
        <span>
          <small>{t("history.yours")}</small>
          <Labels ids={clash.mine} tiles={tiles} />
        </span>
      </div>
      <div className={styles.buttons}>
        <Button look="primary" keyHint="Enter" onClick={onSet}>
          {t("history.setMine", { name: mine })}
        </Button>
        <Button keyHint="Esc" onClick={onKeep}>
          {t("history.keepTheirs", { name: theirs || t("label.noClass") })}
        </Button>
      </div>
    </section>
  );
}

/** Why the label is not what was said, and what to do about it. */
function Since({ row, tiles, onSet }: { row: HistoryRow; tiles: Tiles; onSet: () => void }) {
  const { t } = useTranslation();
  const fate = fateOf(row);
  if (fate === "stands") return null;
  return (
    <section className={styles.since}>
      <FateBadge row={row} />
      <p>{t(`history.fateTexts.${fate}`)}</p>
      {(fate === "conflict" || fate === "changed") && (
        <Button size="s" onClick={onSet}>
          {t("history.setSaid", { name: labelNames(row.labels, tiles) })}
        </Button>
      )}
    </section>
  );
}

export interface PanelProps {
  row: HistoryRow;
  tiles: Tiles;
  classes: LabelClass[];
  keys: ClassKeys;
  search: RefObject<HTMLInputElement | null>;
  several: boolean;
  clash: Clash | null;
  place: string;
  /** Missing where the picture is already large. */
  onBig?: () => void;
  onName: (id: number) => void;
  onSet: (labels: number[], version: number) => void;
  onKeep: () => void;
  onUndo: () => void;
}

/** One answer: what was said, what it is now, and how to change it. */
export function Panel(props: PanelProps) {
  const { t } = useTranslation();
  const { row, tiles, clash, several } = props;
  const facts: [string, ReactNode][] = [
    [t("history.labelNow"), <Labels key="now" ids={row.now.labels} tiles={tiles} />],
    [t("gallery.trust"), row.now.labels.length > 0 && t(`trust.${trustName(row.now.trust)}`)],
    [t("history.suggestedThen"), <Suggested key="then" row={row} tiles={tiles} />],
    [t("history.origin"), t(`history.origins.${row.origin}`)],
    [t("history.by"), row.user.name],
    [t("history.when"), dateTime(row.created_at)],
  ];
  return (
    <div className={styles.inside} data-testid="history-panel">
      <header className={styles.head}>
        <b title={row.image.source}>{row.image.name}</b>
        <span>{props.place}</span>
      </header>
      {props.onBig && (
        <button type="button" className={styles.look} onClick={props.onBig}>
          <img src={row.image.urls.preview} alt={t("history.big")} />
          <span>
            <Maximize2 size={14} strokeWidth={1.5} aria-hidden /> <kbd aria-hidden>Enter</kbd>
          </span>
        </button>
      )}
      <section>
        <small>{t("history.saidThen")}</small>
        <div className={styles.answer} data-undone={row.undone || undefined}>
          <Said row={row} tiles={tiles} size="l" />
        </div>
        {row.comment && <p className={styles.comment}>“{row.comment}”</p>}
      </section>
      {clash && clash.image === row.image.id ? (
        <ClashBox
          clash={clash}
          tiles={tiles}
          onKeep={props.onKeep}
          onSet={() => props.onSet(clash.mine, clash.version)}
        />
      ) : (
        <Since row={row} tiles={tiles} onSet={() => props.onSet(row.labels, row.now.label_version)} />
      )}
      <section>
        <small>{t(several ? "history.correctSeveral" : "history.correct")}</small>
        <ClassPicker
          keys={props.keys}
          classes={props.classes}
          chosen={row.now.labels}
          search={props.search}
          onPick={props.onName}
        />
      </section>
      <section>
        <Facts facts={facts} />
      </section>
      <footer className={styles.foot}>
        <Button icon={<Undo2 size={16} strokeWidth={1.5} aria-hidden />} keyHint="Z" onClick={props.onUndo}>
          {t("history.takeBack")}
        </Button>
      </footer>
    </div>
  );
}
