/** What the review page shows and does: a tab's cases, the one that is open, and what keys make of it. */
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { useSearchParams } from "react-router";
import { useClasses, useMe } from "../../api/queries";
import { type Case, useCase, useCases, useModelSays } from "../../api/review";
import type { LabelClass, Project } from "../../api/types";
import { labelNames, type Tiles } from "../../components/Labels";
import { mayAs } from "../../components/roles";
import { showToast } from "../../components/toasts";
import { useClassKeys } from "../../components/useClassKeys";
import {
  choicesOf,
  following,
  labelerTabs,
  mayDecide,
  onTab,
  queryOf,
  reviewerTabs,
  type Tab,
  tabOf,
} from "./cases";
import { useDecisions } from "./useDecisions";
import { useReviewCommands } from "./useReviewCommands";

const noClasses: LabelClass[] = [];
const noCases: Case[] = [];
const nearEnd = 5;

/** Pictures of the cases that come next are fetched ahead. */
function usePreload(rows: Case[], at: number): void {
  useEffect(() => {
    for (const one of [rows[at + 1], rows[at + 2], rows[at - 1]])
      if (one) new Image().src = one.image.urls.preview;
  }, [rows, at]);
}

/** The tab and the case that the address names; a link to a case opens the tab on which it is. */
function useAddress(project: number, reviewer: boolean, user: number) {
  const [address, setAddress] = useSearchParams();
  const tabs = reviewer ? reviewerTabs : labelerTabs;
  const asked = tabs.find((tab) => tab === address.get("tab"));
  const id = Number(address.get("case"));
  const linkedId = Number.isSafeInteger(id) && id > 0 ? id : null;
  const linked = useCase(project, linkedId);
  const found = linked.data && user ? tabOf(linked.data, reviewer, user) : undefined;
  const tab: Tab = asked ?? found ?? tabs[0] ?? "open";
  const setTab = useCallback(
    (next: Tab) => setAddress(new URLSearchParams({ tab: next }), { replace: true }),
    [setAddress],
  );
  return { tabs, tab, setTab, linked: asked ? undefined : linked.data, linkedId, linkError: linked.error };
}

function useRows(project: number, tab: Tab, reviewer: boolean, user: number, linked: Case | undefined) {
  const query = useMemo(() => queryOf(tab, reviewer), [tab, reviewer]);
  const found = useCases(project, query);
  const rows = useMemo(() => {
    const all = found.data?.pages.flatMap((page) => page.results) ?? noCases;
    const here = all.filter((one) => onTab(one, tab, user));
    const apart = linked && onTab(linked, tab, user) && !here.some((one) => one.id === linked.id);
    return apart ? [linked, ...here] : here;
  }, [found.data, tab, user, linked]);
  const { hasNextPage, isFetching, fetchNextPage } = found;
  const onEnd = useCallback(() => {
    if (hasNextPage && !isFetching) void fetchNextPage();
  }, [hasNextPage, isFetching, fetchNextPage]);
  // What the server calls mine is filtered again here: an empty page may have others behind it.
  useEffect(() => {
    if (!rows.length) onEnd();
  }, [rows.length, onEnd]);
  return { ...found, all: rows, onEnd };
}

export function useReviewRoom(project: Project) {
  const { t } = useTranslation();
  const { data: me } = useMe();
  const user = me?.user?.id ?? 0;
  const reviewer = mayAs(project.role, "reviewer");
  const { data: classes = noClasses } = useClasses(project.id);
  const tiles: Tiles = useMemo(() => new Map(classes.map((one) => [one.id, one])), [classes]);
  const address = useAddress(project.id, reviewer, user);
  const { tab, linked, linkedId } = address;
  const found = useRows(project.id, tab, reviewer, user, linked);
  const [current, setCurrent] = useState<number | null>(linkedId);
  const [picked, setPicked] = useState(linkedId !== null);
  const [draft, setDraft] = useState<number[]>([]);
  const [actual, setActual] = useState(false);
  const [asking, setAsking] = useState(false);
  const search = useRef<HTMLInputElement>(null);
  const reply = useRef<HTMLTextAreaElement>(null);
  const view = useRef<HTMLDivElement>(null);

  const decisions = useDecisions(
    project.id,
    useCallback((one: Case) => setCurrent(one.id), []),
  );
  const { gone, resolve, answer, undo } = decisions;
  const rows = useMemo(() => found.all.filter((one) => !gone.has(one.id)), [found.all, gone]);
  const at = Math.max(
    0,
    rows.findIndex((row) => row.id === current),
  );
  const one = rows[at];
  const { data: model = null } = useModelSays(project.id, one ? one.image.position : null);
  const decides = one !== undefined && mayDecide(one, reviewer, user);
  const choices = useMemo(() => (one ? choicesOf(one, model) : []), [one, model]);
  const several = project.label_mode === "multi";
  const id = one?.id ?? null;
  // biome-ignore lint/correctness/useExhaustiveDependencies: what was begun on one case is not for the next
  useEffect(() => {
    setDraft([]);
    setActual(false);
  }, [id]);

  const { onEnd } = found;
  const step = useCallback(
    (by: number) => {
      const next = Math.min(Math.max(at + by, 0), rows.length - 1);
      setCurrent(rows[next]?.id ?? null);
      if (next >= rows.length - nearEnd) onEnd();
    },
    [at, rows, onEnd],
  );
  const goOn = useCallback(() => {
    setCurrent(following(rows, at));
    if (at >= rows.length - nearEnd) onEnd();
  }, [rows, at, onEnd]);
  const decide = useCallback(
    (labels: number[]) => {
      if (!one || !decides) return;
      const said = t("review.decided", { name: labelNames(labels, tiles) || t("label.noClass") });
      goOn();
      if (reviewer) resolve(one, labels, said);
      else answer(one, labels, said);
    },
    [one, decides, reviewer, resolve, answer, goOn, tiles, t],
  );
  const pick = useCallback(
    (rank: number) => {
      const choice = choices[rank];
      if (choice) decide(choice.labels);
    },
    [choices, decide],
  );
  const accept = useCallback(() => {
    if (draft.length) decide(draft);
    else pick(0);
  }, [draft, decide, pick]);
  const name = useCallback(
    (label: number) => {
      if (!several) return decide([label]);
      setDraft((old) => (old.includes(label) ? old.filter((other) => other !== label) : [...old, label]));
    },
    [several, decide],
  );
  const sendBack = (person: number, text: string) => {
    if (!one) return;
    setAsking(false);
    goOn();
    decisions.sendBack(one, person, text, t("review.sent"));
  };
  const reopen = () => {
    if (!one) return;
    goOn();
    decisions.reopen(one, t("review.reopened"));
  };
  useReviewCommands({
    here: one !== undefined,
    decides,
    reviewer,
    step,
    pick,
    accept,
    askBack: useCallback(() => setAsking(true), []),
    reply: useCallback(() => reply.current?.focus(), []),
    undo: useCallback(() => void undo(), [undo]),
    zoom: useCallback(() => setActual((old) => !old), []),
  });
  const keys = useClassKeys({
    room: "review",
    classes,
    search,
    when: useCallback(() => decides, [decides]),
    onPick: name,
    of: id,
  });
  usePreload(rows, at);
  const comment = async (text: string) => {
    if (!one) return;
    await decisions.comment(one, text);
    showToast(t("review.replied"), { tone: "good" });
  };
  const setTab = (next: Tab) => {
    setCurrent(null);
    setPicked(false);
    address.setTab(next);
  };
  const moveTo = (index: number) => setCurrent(rows[index]?.id ?? null);
  /** Opens a case; the focus leaves the list, so that Enter decides instead of opening again. */
  const choose = (index: number) => {
    moveTo(index);
    setPicked(true);
    view.current?.focus({ preventScroll: true });
  };
  return {
    ...found,
    ...address,
    user,
    reviewer,
    rows,
    at,
    one,
    model,
    decides,
    choices,
    several,
    draft,
    classes,
    tiles,
    keys,
    search,
    reply,
    actual,
    setActual,
    asking,
    setAsking,
    /** On a phone: the case is open instead of the list. */
    picked,
    close: () => setPicked(false),
    moveTo,
    choose,
    view,
    setTab,
    step,
    decide,
    accept,
    name,
    sendBack,
    reopen,
    comment,
    undo,
  };
}

export type ReviewRoom = ReturnType<typeof useReviewRoom>;
