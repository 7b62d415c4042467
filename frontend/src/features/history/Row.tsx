import {
  Ban,
  CircleHelp,
  Flag,
  GitCompareArrows,
  type LucideIcon,
  SkipForward,
  Undo2,
  Vote,
} from "lucide-react";
import { useTranslation } from "react-i18next";
import type { HistoryRow } from "../../api/history";
import { Badge, type Tone } from "../../components/Badge";
import { Labels, type Tiles } from "../../components/Labels";
import { dateTime, percent } from "../../messages/i18n";
import styles from "./history.module.css";
import { agreed, type Fate, fateOf } from "./rows";

const verdictIcons: Record<string, LucideIcon> = { skip: SkipForward, unsure: CircleHelp, flag: Flag };
const fates: Record<Exclude<Fate, "stands">, [LucideIcon, Tone]> = {
  undone: [Undo2, "plain"],
  conflict: [Ban, "bad"],
  vote: [Vote, "accent"],
  changed: [GitCompareArrows, "warn"],
};

/** Taken back, kept beside another label, changed since: in a word. Nothing while the answer stands. */
export function FateBadge({ row }: { row: HistoryRow }) {
  const { t } = useTranslation();
  const fate = fateOf(row);
  if (fate === "stands") return null;
  const [icon, tone] = fates[fate];
  return (
    <Badge tone={tone} icon={icon}>
      {t(`history.fates.${fate}`)}
    </Badge>
  );
}

/** What was said: classes, or that it was skipped, unsure or flagged. */
export function Said({ row, tiles, size }: { row: HistoryRow; tiles: Tiles; size?: "l" }) {
  const { t } = useTranslation();
  if (row.verdict === "label") return <Labels ids={row.labels} tiles={tiles} size={size} />;
  const Icon = verdictIcons[row.verdict] ?? CircleHelp;
  return (
    <span className={styles.verdict} data-size={size}>
      <Icon size={size ? 20 : 16} strokeWidth={1.5} aria-hidden />
      {t(`history.verdicts.${row.verdict}`)}
    </span>
  );
}

export function Suggested({ row, tiles }: { row: HistoryRow; tiles: Tiles }) {
  const { t } = useTranslation();
  if (!row.suggestion)
    return <span className={styles.quiet}>{t(row.blind ? "history.blind" : "history.noSuggestion")}</span>;
  return (
    <span className={styles.suggested} data-differs={agreed(row) === false || undefined}>
      <Labels ids={[row.suggestion.class]} tiles={tiles} />
      {row.suggestion.confidence !== null && <span>{percent(row.suggestion.confidence)}</span>}
    </span>
  );
}

/** One answer as a line. */
export function Line({ row, tiles, names }: { row: HistoryRow; tiles: Tiles; names: boolean }) {
  const { t } = useTranslation();
  return (
    <span className={styles.line} data-testid="history-row" data-row={row.id}>
      <img
        src={row.image.urls.thumb}
        alt=""
        className={styles.lineThumb}
        data-undone={row.undone || undefined}
        width={40}
        height={40}
      />
      <span className={styles.said} data-undone={row.undone || undefined}>
        <Said row={row} tiles={tiles} />
        <small>{row.comment ? `“${row.comment}”` : row.image.name}</small>
      </span>
      <Suggested row={row} tiles={tiles} />
      <span className={styles.origin}>
        {names && <b>{row.user.name}</b>}
        <span>{t(`history.origins.${row.origin}`)}</span>
      </span>
      <span>
        <FateBadge row={row} />
      </span>
      <time dateTime={row.created_at}>{dateTime(row.created_at)}</time>
    </span>
  );
}

/** One answer as a picture with its label beneath. */
export function Cell({ row, tiles }: { row: HistoryRow; tiles: Tiles }) {
  return (
    <span
      className={styles.cell}
      data-undone={row.undone || undefined}
      data-testid="history-row"
      data-row={row.id}
    >
      <img src={row.image.urls.thumb} alt={row.image.name} />
      <span className={styles.caption}>
        <Said row={row} tiles={tiles} />
      </span>
      <span className={styles.mark}>
        <FateBadge row={row} />
      </span>
    </span>
  );
}
