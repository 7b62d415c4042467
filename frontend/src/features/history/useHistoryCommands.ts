/** The keys of the history, as commands. */
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import type { Command } from "../../commands/registry";
import { useCommands } from "../../commands/useCommands";

export interface HistoryActions {
  here: boolean;
  big: boolean;
  /** The current picture has two labels to choose from. */
  clashing: boolean;
  step: (by: number) => void;
  setBig: (big: boolean) => void;
  zoom: () => void;
  undo: () => void;
  setMine: () => void;
  keepTheirs: () => void;
}

export function useHistoryCommands(actions: HistoryActions): void {
  const { t } = useTranslation();
  const { here, big, clashing, step, setBig, zoom, undo, setMine, keepTheirs } = actions;
  const commands = useMemo<Command[]>(() => {
    const group = t("history.title");
    const own = (command: Omit<Command, "group">): Command => ({ group, when: () => here, ...command });
    return [
      own({
        id: "history.next",
        label: t("history.next"),
        keys: ["arrowdown", "arrowright", "j"],
        repeats: true,
        run: () => step(1),
      }),
      own({
        id: "history.previous",
        label: t("history.previous"),
        keys: ["arrowup", "arrowleft", "k"],
        repeats: true,
        run: () => step(-1),
      }),
      own({
        id: "history.big",
        label: t("history.big"),
        keys: ["enter"],
        when: () => here && !big && !clashing,
        run: () => setBig(true),
      }),
      own({
        id: "history.close",
        label: t("history.close"),
        keys: ["escape"],
        when: () => big && !clashing,
        run: () => setBig(false),
      }),
      own({ id: "history.zoom", label: t("label.zoom"), keys: [" "], when: () => big, run: zoom }),
      own({ id: "history.undo", label: t("history.takeBack"), keys: ["z"], run: undo }),
      own({
        id: "history.setMine",
        label: t("history.setMineCommand"),
        keys: ["enter"],
        when: () => clashing,
        run: setMine,
      }),
      own({
        id: "history.keepTheirs",
        label: t("history.keepTheirsCommand"),
        keys: ["escape"],
        when: () => clashing,
        run: keepTheirs,
      }),
    ];
  }, [here, big, clashing, step, setBig, zoom, undo, setMine, keepTheirs, t]);
  useCommands(commands);
}
