/** The keys of the review page, as commands. */
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import type { Command } from "../../commands/registry";
import { useCommands } from "../../commands/useCommands";

const ranks = [1, 2, 3, 4, 5, 6, 7, 8, 9];

export interface ReviewActions {
  /** A case is on the screen, and this person may decide it. */
  here: boolean;
  decides: boolean;
  reviewer: boolean;
  step: (by: number) => void;
  pick: (rank: number) => void;
  accept: () => void;
  askBack: () => void;
  reply: () => void;
  undo: () => void;
  zoom: () => void;
}

export function useReviewCommands(actions: ReviewActions): void {
  const { t } = useTranslation();
  const { here, decides, reviewer, step, pick, accept, askBack, reply, undo, zoom } = actions;
  const commands = useMemo<Command[]>(() => {
    const group = t("review.title");
    const own = (command: Omit<Command, "group">): Command => ({ group, when: () => here, ...command });
    return [
      own({
        id: "review.accept",
        label: t("review.accept"),
        keys: ["enter"],
        when: () => decides,
        run: accept,
      }),
      ...ranks.map((rank) =>
        own({
          id: `review.rank.${rank}`,
          label: t("review.acceptRank", { rank }),
          keys: [String(rank)],
          when: () => decides,
          hidden: true,
          run: () => pick(rank - 1),
        }),
      ),
      own({
        id: "review.sendBack",
        label: t("review.sendBack"),
        // A class may have the letter: then it takes Shift.
        keys: ["b", "shift+b"],
        when: () => decides && reviewer,
        run: askBack,
      }),
      own({ id: "review.reply", label: t("review.reply"), keys: ["shift+r"], run: reply }),
      own({
        id: "review.next",
        label: t("review.next"),
        keys: ["arrowdown", "arrowright", "j"],
        repeats: true,
        run: () => step(1),
      }),
      own({
        id: "review.previous",
        label: t("review.previous"),
        keys: ["arrowup", "arrowleft", "k"],
        repeats: true,
        run: () => step(-1),
      }),
      own({ id: "review.undo", label: t("review.undo"), keys: ["z"], when: () => true, run: undo }),
      own({ id: "review.zoom", label: t("label.zoom"), keys: [" "], run: zoom }),
    ];
  }, [here, decides, reviewer, step, pick, accept, askBack, reply, undo, zoom, t]);
  useCommands(commands);
}
