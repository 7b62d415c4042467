/** The desk of the signed-in person in a project, alive while the Verify page is shown. */
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState, useSyncExternalStore } from "react";
import { useTranslation } from "react-i18next";
import { keys } from "../../api/queries";
import type { Overview } from "../../api/types";
import type { Labelled } from "../../api/verify";
import { showToast } from "../../components/toasts";
import { count } from "../../messages/i18n";
import { VerifyDesk } from "./desk";

export function useVerifyDesk(
  project: number,
  user: number | undefined,
  onConflicts: (conflicts: Labelled[]) => void,
): VerifyDesk | null {
  const { t } = useTranslation();
  const client = useQueryClient();
  const [desk, setDesk] = useState<VerifyDesk | null>(null);
  const show = useRef(onConflicts);
  show.current = onConflicts;

  // biome-ignore lint/correctness/useExhaustiveDependencies: words may change under a living desk
  useEffect(() => {
    if (user === undefined) return;
    const conflict = (conflicts: Labelled[], text: string) =>
      showToast(text, {
        tone: "bad",
        sticky: true,
        actions: [{ label: t("verify.seeConflicts"), run: () => show.current(conflicts) }],
      });
    const fresh = () => void client.invalidateQueries({ queryKey: keys.verify(project) });
    const made = new VerifyDesk(project, user, {
      onConfirmed: ({ reply }) => {
        const { length } = reply.conflicts;
        if (length)
          conflict(reply.conflicts, t("verify.conflicts", { count: length, number: count(length) }));
        client.setQueryData<Overview>(keys.overview(project), (old) =>
          old ? { ...old, next_refresh_in: reply.next_refresh_in } : old,
        );
        fresh();
      },
      onUndone: (reply) => {
        const { length } = reply.conflicts;
        if (length)
          conflict(reply.conflicts, t("verify.undoConflicts", { count: length, number: count(length) }));
        fresh();
      },
      onRefused: (what, number, error) => {
        const words = what === "confirm" ? "verify.refusedConfirm" : "verify.refusedUndo";
        showToast(t(words, { number, message: error.message }), { tone: "bad", sticky: true });
        fresh();
      },
    });
    setDesk(made);
    made.start();
    return () => made.stop();
  }, [project, user, client]);

  return desk;
}

/** The desk's state, re-read at every change. */
export function useVerifyView(desk: VerifyDesk) {
  const view = useSyncExternalStore(desk.subscribe, desk.read);
  const sender = useSyncExternalStore(desk.sender.subscribe, desk.sender.read);
  const thumbs = useSyncExternalStore(desk.thumbs.subscribe, desk.thumbs.read);
  return { view, sender, thumbs };
}
