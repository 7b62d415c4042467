/** The desk of the signed-in person in a project, alive while the Label page is shown. */
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState, useSyncExternalStore } from "react";
import { useTranslation } from "react-i18next";
import { keys } from "../../api/queries";
import type { LabelClass, Overview } from "../../api/types";
import { showToast } from "../../components/toasts";
import { DeskController } from "./desk";
import type { Answered } from "./queue";

export function useDesk(
  project: number,
  user: number | undefined,
  classOf: (id: number | null) => LabelClass | undefined,
): DeskController | null {
  const { t } = useTranslation();
  const client = useQueryClient();
  const [desk, setDesk] = useState<DeskController | null>(null);

  // biome-ignore lint/correctness/useExhaustiveDependencies: words and classes may change under a living desk
  useEffect(() => {
    if (user === undefined) return;
    const name = (id: number | null | undefined) => classOf(id ?? null)?.name ?? t("label.noClass");
    const conflict = (answered: Answered) => {
      const { item, result } = answered;
      if (item.undoes) {
        showToast(t("label.undoConflict"), { tone: "bad" });
        return;
      }
      const mine = name(item.labels?.[0]);
      const theirs = name(result.label);
      showToast(t("label.conflict", { theirs, mine }), {
        tone: "bad",
        sticky: true,
        actions: [
          { label: t("label.keepTheirs", { name: theirs }), run: () => {} },
          { label: t("label.setMine", { name: mine }), run: () => made.overrule(answered) },
        ],
      });
    };
    const made = new DeskController(project, user, {
      onReply: (reply) =>
        client.setQueryData<Overview>(keys.overview(project), (old) =>
          old ? { ...old, next_refresh_in: reply.next_refresh_in } : old,
        ),
      onConflict: conflict,
      onInvalid: ({ result }) =>
        showToast(t("label.invalid", { message: result.message ?? "" }), { tone: "bad", sticky: true }),
    });
    setDesk(made);
    made.start();
    return () => made.stop();
  }, [project, user, client]);

  return desk;
}

/** The desk's state, re-read at every change. */
export function useDeskView(desk: DeskController) {
  const view = useSyncExternalStore(desk.subscribe, desk.read);
  const queue = useSyncExternalStore(desk.queue.subscribe, desk.queue.read);
  useSyncExternalStore(desk.pictures.subscribe, desk.pictures.read);
  return { view, queue };
}
