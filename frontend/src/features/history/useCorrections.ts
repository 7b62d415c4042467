/** Corrects and takes back answers from their history, and keeps what came of it on the page. */
import { type InfiniteData, useQueryClient } from "@tanstack/react-query";
import { useCallback, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { correct, type HistoryPage, type HistoryRow, takeBack } from "../../api/history";
import { keys } from "../../api/queries";
import type { AnnotationResult } from "../../api/types";
import { showToast } from "../../components/toasts";
import { type Given, named, relabelled, sameLabels, toTakeBack } from "./rows";

/** A label that somebody set while another was chosen here. */
export interface Clash {
  image: number;
  mine: number[];
  theirs: number[];
  version: number;
}

type Loaded = InfiniteData<HistoryPage>;

/** What the picture has now, as the answer tells: all of it after a conflict, else the first label. */
function labelsOf({ labels, label }: AnnotationResult): number[] {
  if (labels.length) return labels;
  return label === null ? [] : [label];
}

export function useCorrections(project: number, several: boolean, names: (labels: number[]) => string) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const [clash, setClash] = useState<Clash | null>(null);
  const [busy, setBusy] = useState<number | null>(null);
  const given = useRef<Given[]>([]);

  const show = useCallback(
    (image: number, result: AnnotationResult, labels: number[], undone?: string) => {
      const now = { label: labels[0] ?? null, labels, label_version: result.label_version ?? 0 };
      client.setQueriesData<Loaded>({ queryKey: keys.history(project) }, (old) =>
        old ? { ...old, pages: relabelled(old.pages, image, now, undone) } : old,
      );
      for (const key of [keys.history, keys.images, keys.gallery, keys.overview])
        void client.invalidateQueries({ queryKey: key(project) });
    },
    [client, project],
  );

  const guarded = useCallback(
    async (image: number, act: () => Promise<void>) => {
      if (busy !== null) return;
      setBusy(image);
      try {
        await act();
      } catch (error) {
        const why = error instanceof Error ? error.message : t("errors.unexpected");
        showToast(t("history.notSaved", { why }), { tone: "bad" });
      } finally {
        setBusy(null);
      }
    },
    [busy, t],
  );

  const set = useCallback(
    (image: number, labels: number[], version: number) =>
      guarded(image, async () => {
        const result = await correct(project, image, labels, version);
        if (result.status === "invalid") {
          showToast(result.message ?? "", { tone: "bad" });
          return;
        }
        if (result.status === "conflict") {
          const theirs = labelsOf(result);
          show(image, result, theirs);
          setClash({ image, mine: labels, theirs, version: result.label_version ?? 0 });
          return;
        }
        given.current = [...given.current, { image, clientId: result.client_id }];
        setClash(null);
        // A vote sets no label by itself.
        show(image, result, result.label === null ? [] : labels);
        showToast(t("history.corrected", { name: names(labels) }), { tone: "good" });
      }),
    [guarded, project, show, names, t],
  );

  const name = useCallback(
    (row: HistoryRow, id: number) => {
      const labels = named(row.now.labels, id, several);
      if (!sameLabels(labels, row.now.labels)) void set(row.image.id, labels, row.now.label_version);
    },
    [set, several],
  );

  const undo = useCallback(
    (rows: HistoryRow[], row: HistoryRow, user: number) => {
      const clientId = toTakeBack(rows, row, user, given.current);
      if (!clientId) {
        showToast(t("history.nothingToTakeBack"));
        return;
      }
      void guarded(row.image.id, async () => {
        const result = await takeBack(project, row.image.id, clientId);
        given.current = given.current.filter((one) => one.clientId !== clientId);
        if (result.status === "invalid") showToast(result.message ?? "", { tone: "bad" });
        else if (result.status === "conflict") showToast(t("history.undoConflict"), { tone: "bad" });
        else showToast(t(result.task ? "history.takenBackWaits" : "history.takenBack"), { tone: "good" });
        if (result.status !== "invalid") show(row.image.id, result, labelsOf(result), clientId);
      });
    },
    [guarded, project, show, t],
  );

  return { clash, busy, set, name, undo, dismiss: useCallback(() => setClash(null), []) };
}
