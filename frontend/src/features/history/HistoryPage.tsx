import { ChevronLeft } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { HistoryRow } from "../../api/history";
import { Button, LinkButton } from "../../components/Button";
import type { Tiles } from "../../components/Labels";
import { Failure, Placeholder } from "../../components/Page";
import { Segmented } from "../../components/Segmented";
import { TopBar } from "../../components/TopBar";
import { useNarrow } from "../../components/useNarrow";
import { useProjectContext } from "../../components/useProjectContext";
import { VirtualGrid } from "../../components/VirtualGrid";
import { ZoomView } from "../../components/ZoomView";
import { count } from "../../messages/i18n";
import { Filters, type Look } from "./Filters";
import styles from "./history.module.css";
import { Panel } from "./Panel";
import { type Chosen, narrowing } from "./query";
import { Cell, Line } from "./Row";
import { useHistoryRoom } from "./useHistoryRoom";

const lineHeight = 56;
const oneColumn = 100_000;

function Nothing({ chosen, onClear }: { chosen: Chosen; onClear: () => void }) {
  const { t } = useTranslation();
  const project = useProjectContext();
  const narrowed = narrowing(chosen) > 0;
  return (
    <div className={styles.nothing} data-testid="history-empty">
      <h2>
        {t(narrowed ? "history.noMatch" : chosen.who === "mine" ? "history.empty" : "history.emptyOthers")}
      </h2>
      <p>{t(narrowed ? "history.noMatchText" : "history.emptyText")}</p>
      {narrowed ? (
        <Button look="primary" size="l" onClick={onClear}>
          {t("history.clear")}
        </Button>
      ) : (
        <LinkButton to={`/projects/${project.id}/label`} look="primary" size="l">
          {t("gallery.goLabel")}
        </LinkButton>
      )}
    </div>
  );
}

function Rows({
  rows,
  tiles,
  at,
  look,
  names,
  onOpen,
  onMove,
  onEnd,
}: {
  rows: HistoryRow[];
  tiles: Tiles;
  at: number;
  look: Look;
  /** Whether rows tell whose they are. */
  names: boolean;
  onOpen: (index: number) => void;
  onMove: (index: number) => void;
  onEnd: () => void;
}) {
  const { t } = useTranslation();
  const narrow = useNarrow();
  const list = look === "list";
  return (
    <div className={list ? styles.list : styles.grid}>
      <VirtualGrid
        key={look}
        count={rows.length}
        least={list ? oneColumn : narrow ? 96 : 128}
        gap={list ? 0 : 8}
        heightOf={(width) => (list ? lineHeight : width * 1.25 + 26)}
        label={t("history.title")}
        selected={at}
        cell={(index) => {
          const row = rows[index];
          return {
            key: row?.id ?? index,
            content:
              row &&
              (list ? <Line row={row} tiles={tiles} names={names} /> : <Cell row={row} tiles={tiles} />),
          };
        }}
        onOpen={onOpen}
        onMove={onMove}
        onEnd={onEnd}
      />
    </div>
  );
}

function Big({
  row,
  actual,
  onActual,
  onClose,
}: {
  row: HistoryRow;
  actual: boolean;
  onActual: (actual: boolean) => void;
  onClose: () => void;
}) {
  const { t } = useTranslation();
  const { image } = row;
  return (
    <div className={styles.stage} data-testid="history-big">
      <ZoomView
        src={image.urls.preview}
        alt={image.name}
        width={image.width}
        height={image.height}
        actual={actual}
        onActual={onActual}
      />
      <Button
        className={styles.back}
        size="s"
        icon={<ChevronLeft size={16} strokeWidth={1.5} aria-hidden />}
        keyHint="Esc"
        onClick={onClose}
      >
        {t("history.close")}
      </Button>
    </div>
  );
}

function ZoomChoice({ actual, onActual }: { actual: boolean; onActual: (actual: boolean) => void }) {
  const { t } = useTranslation();
  return (
    <Segmented
      label={t("label.zoom")}
      choices={[
        ["fit", t("label.fit")],
        ["actual", "1:1"],
      ]}
      value={actual ? "actual" : "fit"}
      onChange={(value) => onActual(value === "actual")}
    />
  );
}

/** What stands where no answers are: a failure, the wait for them, or why there are none. */
function Standing({ room }: { room: ReturnType<typeof useHistoryRoom> }) {
  const { error, data, row, chosen, change } = room;
  if (error) return <Failure error={error} retry={() => void room.refetch()} />;
  if (!data) return <Placeholder height={320} />;
  return row ? null : <Nothing chosen={chosen} onClear={() => change({ who: chosen.who })} />;
}

/** Everything that a person (or, for reviewers, anybody) has said, to look through, correct and take back. */
export function HistoryPage() {
  const { t } = useTranslation();
  const project = useProjectContext();
  const narrow = useNarrow();
  const [look, setLook] = useState<Look>("list");
  const room = useHistoryRoom(project);
  const { rows, row, at, chosen, change, big, setBig, actual, setActual, goTo } = room;
  const open = (index: number) => {
    goTo(index);
    if (narrow || index === at) setBig(true);
  };
  const place = t("jobs.doneOf", {
    done: count(at + 1),
    total: `${count(rows.length)}${room.hasNextPage ? "+" : ""}`,
  });
  const large = big ? row : undefined;
  return (
    <div className={styles.page}>
      <TopBar
        title={t("history.title")}
        note={t(chosen.who === "mine" ? "history.note" : "history.noteOthers")}
      >
        {large && !narrow && <ZoomChoice actual={actual} onActual={setActual} />}
      </TopBar>
      {!(large && narrow) && (
        <Filters chosen={chosen} classes={room.classes} look={look} onLook={setLook} onChange={change} />
      )}
      <main className={styles.room} data-big={large ? true : undefined}>
        <div className={styles.left}>
          <Standing room={room} />
          {row && !big && (
            <Rows
              rows={rows}
              tiles={room.tiles}
              at={at}
              look={look}
              names={chosen.who !== "mine"}
              onOpen={open}
              onMove={goTo}
              onEnd={room.onEnd}
            />
          )}
          {large && <Big row={large} actual={actual} onActual={setActual} onClose={() => setBig(false)} />}
        </div>
        {row && (!narrow || big) && (
          <aside className={styles.panel} aria-label={t("history.answer")}>
            <Panel row={row} place={place} onBig={big ? undefined : () => setBig(true)} {...room.parts} />
          </aside>
        )}
      </main>
    </div>
  );
}
