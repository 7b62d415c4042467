/** What the history page shows and does: the answers, the one that is current, and what keys make of it. */
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { useSearchParams } from "react-router";
import { type HistoryRow, useHistory } from "../../api/history";
import { useClasses, useMe } from "../../api/queries";
import type { LabelClass, Project } from "../../api/types";
import { labelNames, type Tiles } from "../../components/Labels";
import { mayAs } from "../../components/roles";
import { useClassKeys } from "../../components/useClassKeys";
import { type Chosen, readChosen, toQuery, writeChosen } from "./query";
import { placeOf } from "./rows";
import { useCorrections } from "./useCorrections";
import { useHistoryCommands } from "./useHistoryCommands";

/** Pictures beside the current one come ahead of being wanted. */
function usePreload(rows: HistoryRow[], at: number, on: boolean): void {
  useEffect(() => {
    if (!on) return;
    for (const row of [rows[at + 1], rows[at + 2], rows[at - 1]])
      if (row) new Image().src = row.image.urls.preview;
  }, [rows, at, on]);
}

const noClasses: LabelClass[] = [];
const noRows: HistoryRow[] = [];
/** So many rows before the end, more are asked for. */
const nearEnd = 5;

function useRows(project: number, chosen: Chosen) {
  const today = new Date().toDateString();
  // biome-ignore lint/correctness/useExhaustiveDependencies: the question changes with the day, not the moment
  const query = useMemo(() => toQuery(chosen, new Date()), [chosen, today]);
  const found = useHistory(project, query);
  const { hasNextPage, isFetching, fetchNextPage } = found;
  const rows = useMemo(() => found.data?.pages.flatMap((page) => page.results) ?? noRows, [found.data]);
  const onEnd = useCallback(() => {
    if (hasNextPage && !isFetching) void fetchNextPage();
  }, [hasNextPage, isFetching, fetchNextPage]);
  return { ...found, rows, onEnd };
}

/** Which answers are wanted, as the address says. */
function useChosen(project: Project, onChange: () => void) {
  const [address, setAddress] = useSearchParams();
  const others = mayAs(project.role, "reviewer");
  const chosen = useMemo(() => readChosen(address, others), [address, others]);
  const change = useCallback(
    (next: Chosen) => {
      onChange();
      setAddress(writeChosen(next), { replace: true });
    },
    [setAddress, onChange],
  );
  return [chosen, change] as const;
}

export function useHistoryRoom(project: Project) {
  const { data: me } = useMe();
  const { data: classes = noClasses } = useClasses(project.id);
  const tiles: Tiles = useMemo(() => new Map(classes.map((one) => [one.id, one])), [classes]);
  const [current, setCurrent] = useState<number | null>(null);
  const [big, setBig] = useState(false);
  const [actual, setActual] = useState(false);
  const search = useRef<HTMLInputElement>(null);
  const [chosen, change] = useChosen(
    project,
    useCallback(() => {
      setCurrent(null);
      setBig(false);
    }, []),
  );
  const found = useRows(project.id, chosen);
  const { rows, onEnd } = found;
  const at = placeOf(rows, current);
  const row = rows[at];
  const several = project.label_mode === "multi";
  const names = useCallback((ids: number[]) => labelNames(ids, tiles), [tiles]);
  const { clash, set, name, undo, dismiss } = useCorrections(project.id, several, names);

  const goTo = useCallback((index: number) => setCurrent(rows[index]?.id ?? null), [rows]);
  const step = useCallback(
    (by: number) => {
      const next = Math.min(Math.max(at + by, 0), rows.length - 1);
      goTo(next);
      if (next >= rows.length - nearEnd) onEnd();
    },
    [at, rows.length, goTo, onEnd],
  );
  // Whatever is done to a row, it stays the current one when the new answer comes above it.
  const onName = useCallback(
    (id: number) => {
      if (!row) return;
      setCurrent(row.id);
      name(row, id);
    },
    [row, name],
  );
  const onSet = useCallback(
    (labels: number[], version: number) => {
      if (!row) return;
      setCurrent(row.id);
      void set(row.image.id, labels, version);
    },
    [row, set],
  );
  const user = me?.user?.id ?? 0;
  const onUndo = useCallback(() => {
    if (!row) return;
    setCurrent(row.id);
    undo(rows, row, user);
  }, [rows, row, undo, user]);
  const here = row !== undefined;
  useHistoryCommands({
    here,
    big,
    clashing: clash !== null && clash.image === row?.image.id,
    step,
    setBig,
    zoom: useCallback(() => setActual((old) => !old), []),
    undo: onUndo,
    setMine: useCallback(() => clash && onSet(clash.mine, clash.version), [clash, onSet]),
    keepTheirs: dismiss,
  });
  const keys = useClassKeys({
    room: "history",
    classes,
    search,
    when: useCallback(() => here, [here]),
    onPick: onName,
    of: row?.id ?? null,
  });
  usePreload(rows, at, big);
  const parts = { tiles, classes, keys, search, several, clash, onName, onSet, onKeep: dismiss, onUndo };
  return { ...found, chosen, change, at, row, goTo, big, setBig, actual, setActual, tiles, classes, parts };
}
