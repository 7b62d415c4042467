/** The desk of the signed-in person in a project, alive while the Label page is shown. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState, useSyncExternalStore } from "react";
import { useTranslation } from "react-i18next";
import { keys, overviewQuery } from "../../api/queries";
import type { AnnotationReply, LabelClass, Overview, Task } from "../../api/types";
import { showToast } from "../../components/toasts";
import { DeskController, type DeskView } from "./desk";
import type { Answered } from "./queue";

export function useDesk(
  project: number,
  user: number | undefined,
  several: boolean,
  classOf: (id: number | null) => LabelClass | undefined,
): DeskController | null {
  const { t } = useTranslation();
  const client = useQueryClient();
  const [desk, setDesk] = useState<DeskController | null>(null);

  // biome-ignore lint/correctness/useExhaustiveDependencies: words and classes may change under a living desk
  useEffect(() => {
    if (user === undefined) return;
    const names = (ids: readonly number[] = []) =>
      ids.map((id) => classOf(id)?.name ?? "–").join(", ") || t("label.noClass");
    const conflict = (answered: Answered) => {
      const { item, result } = answered;
      if (item.undoes) {
        showToast(t("label.undoConflict"), { tone: "bad" });
        return;
      }
      const mine = names(item.labels);
      const theirs = names(result.labels);
      showToast(t("label.conflict", { theirs, mine }), {
        tone: "bad",
        sticky: true,
        actions: [
          { label: t("label.keepTheirs", { name: theirs }), run: () => {} },
          { label: t("label.setMine", { name: mine }), run: () => made.overrule(answered) },
        ],
      });
    };
    const events = {
      onReply: (reply: AnnotationReply) =>
        client.setQueryData<Overview>(keys.overview(project), (old) =>
          old ? { ...old, next_refresh_in: reply.next_refresh_in } : old,
        ),
      onConflict: conflict,
      onInvalid: ({ result }: Answered) =>
        showToast(t("label.invalid", { message: result.message ?? "" }), { tone: "bad", sticky: true }),
    };
    const made = new DeskController(project, user, events, several);
    setDesk(made);
    made.start();
    return () => made.stop();
  }, [project, user, several, client]);

  return desk;
}

/** A part of the desk's state; the caller renders again only when that part is another. */
export function useWatch<T>(desk: DeskController, part: (view: DeskView) => T): T {
  return useSyncExternalStore(desk.subscribe, () => part(desk.read()));
}

/** The picture on the screen. */
export function useCurrent(desk: DeskController): Task | undefined {
  return useSyncExternalStore(desk.subscribe, () => desk.current);
}

/**
 * A state a frame late: what follows the picture is drawn when the picture is there, so that it never makes
 * it wait.
 */
export function useAfterPaint<T>(subscribe: (listener: () => void) => () => void, read: () => T): T {
  const [value, setValue] = useState(read);
  useEffect(() => {
    let frame = 0;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const later = () => {
      if (frame) return;
      frame = requestAnimationFrame(() => {
        timer = setTimeout(() => {
          frame = 0;
          setValue(read());
        }, 0);
      });
    };
    later();
    const stop = subscribe(later);
    return () => {
      stop();
      cancelAnimationFrame(frame);
      clearTimeout(timer);
    };
  }, [subscribe, read]);
  return value;
}

/** The name of the head in use; the caller renders again only when it is another. */
export function useHead(project: number): string | undefined {
  return useQuery({ ...overviewQuery(project), select: (overview) => overview.head?.name }).data;
}
