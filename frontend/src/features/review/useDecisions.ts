/** Decides cases: the page goes on at once, the server is told behind, and Z takes the last decision back. */
import { type InfiniteData, useQueryClient } from "@tanstack/react-query";
import { useCallback, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { ApiError } from "../../api/client";
import { correct, takeBack } from "../../api/history";
import { keys } from "../../api/queries";
import { type Case, type CasePage, cases } from "../../api/review";
import { uuid } from "../../api/uuid";
import { showToast } from "../../components/toasts";

interface Decision {
  case: Case;
  /** Resolves to the way back, or null when it was not kept. */
  done: Promise<(() => Promise<unknown>) | null>;
}

const none: ReadonlySet<number> = new Set();

function reason(error: unknown, fallback: string): string {
  return error instanceof ApiError && error.status ? error.message : fallback;
}

export function useDecisions(project: number, onBack: (one: Case) => void) {
  const { t } = useTranslation();
  const client = useQueryClient();
  /** Decided cases whose list has not been read again yet. */
  const [gone, setGone] = useState(none);
  const decisions = useRef<Decision[]>([]);

  const refresh = useCallback(
    () =>
      Promise.all(
        [keys.cases, keys.overview, keys.history, keys.agreement, keys.images].map((key) =>
          client.invalidateQueries({ queryKey: key(project) }),
        ),
      ),
    [client, project],
  );
  const setAside = useCallback((id: number, aside: boolean) => {
    setGone((old) => {
      const next = new Set(old);
      if (aside) next.add(id);
      else next.delete(id);
      return next;
    });
  }, []);

  /** Carries a decision out behind the page; a refused one brings its case back. */
  const carryOut = useCallback(
    (one: Case, act: () => Promise<(() => Promise<unknown>) | null>, said: string) => {
      setAside(one.id, true);
      const done = act()
        .then((way) => {
          showToast(said, { tone: "good" });
          return way;
        })
        .catch((error: unknown) => {
          showToast(t("review.notSaved", { why: reason(error, t("errors.unreachable")) }), { tone: "bad" });
          setAside(one.id, false);
          onBack(one);
          return null;
        })
        .finally(() => void refresh().then(() => setAside(one.id, false)));
      return done;
    },
    [setAside, refresh, onBack, t],
  );

  const remember = useCallback((decision: Decision) => {
    decisions.current = [...decisions.current, decision].slice(-50);
  }, []);

  /** A reviewer's word: the label, with the trust of a review. */
  const resolve = useCallback(
    (one: Case, labels: number[], said: string) => {
      const given = { client_id: uuid(), labels, seen_version: one.label_version };
      const act = async () => {
        await cases.resolve(project, one.id, given);
        return () => cases.reopen(project, one.id);
      };
      remember({ case: one, done: carryOut(one, act, said) });
    },
    [project, carryOut, remember],
  );

  /** The new answer of the labeler to whom the case was sent back. */
  const answer = useCallback(
    (one: Case, labels: number[], said: string) => {
      const act = async () => {
        const result = await correct(project, one.image.id, labels, one.label_version);
        if (result.status === "invalid") throw new ApiError(400, "invalid", result.message ?? "");
        if (result.status === "conflict") throw new ApiError(409, "stale", t("review.stale"));
        return () => takeBack(project, one.image.id, result.client_id);
      };
      remember({ case: one, done: carryOut(one, act, said) });
    },
    [project, carryOut, remember, t],
  );

  const sendBack = useCallback(
    (one: Case, user: number, text: string, said: string) => {
      const act = async () => {
        await cases.sendBack(project, one.id, user, text);
        return null;
      };
      void carryOut(one, act, said);
    },
    [project, carryOut],
  );

  const reopen = useCallback(
    (one: Case, said: string) => {
      const act = async () => {
        await cases.reopen(project, one.id);
        return null;
      };
      void carryOut(one, act, said);
    },
    [project, carryOut],
  );

  const undo = useCallback(async () => {
    const last = decisions.current.at(-1);
    if (!last) {
      showToast(t("review.nothingToUndo"));
      return;
    }
    decisions.current = decisions.current.slice(0, -1);
    const way = await last.done;
    if (!way) return;
    try {
      await way();
      showToast(t("review.undone"), { tone: "good" });
    } catch (error) {
      showToast(t("review.notUndone", { why: reason(error, t("errors.unreachable")) }), { tone: "bad" });
    }
    await refresh();
    setAside(last.case.id, false);
    onBack(last.case);
  }, [refresh, setAside, onBack, t]);

  /** Adds to a case's thread; the page shows it as soon as the server has it. */
  const comment = useCallback(
    async (one: Case, text: string) => {
      const after = await cases.comment(project, one.id, text);
      client.setQueriesData<InfiniteData<CasePage>>({ queryKey: keys.cases(project) }, (old) =>
        old && "pages" in old
          ? {
              ...old,
              pages: old.pages.map((page) => ({
                ...page,
                results: page.results.map((other) => (other.id === after.id ? after : other)),
              })),
            }
          : old,
      );
      client.setQueryData([...keys.cases(project), "one", after.id], after);
    },
    [client, project],
  );

  return { gone, resolve, answer, sendBack, reopen, undo, comment };
}
