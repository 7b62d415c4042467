/** The keys of the Label page, as commands. */
import { type RefObject, useMemo } from "react";
import { useTranslation } from "react-i18next";
import type { LabelClass } from "../../api/types";
import type { Command } from "../../commands/registry";
import { useCommands } from "../../commands/useCommands";
import type { DeskController } from "./desk";

const ranks = [1, 2, 3, 4, 5];

export interface LabelActions {
  flag: () => void;
  guide: () => void;
  zoom: () => void;
  similar: () => void;
  search: RefObject<HTMLInputElement | null>;
}

export function useLabelCommands(desk: DeskController, classes: LabelClass[], actions: LabelActions): void {
  const { t } = useTranslation();
  const { flag, guide, zoom, similar, search } = actions;
  const commands = useMemo<Command[]>(() => {
    const group = t("nav.label");
    const here = () => desk.current !== undefined;
    const suggested = () => Boolean(desk.current?.suggestion);
    const byLetter = classes.map(
      (one): Command => ({
        id: `label.class.${one.id}`,
        label: one.name,
        group: t("label.classGroup"),
        keys: one.hotkey ? [one.hotkey] : undefined,
        when: here,
        run: () => desk.label(one.id),
      }),
    );
    return [
      {
        id: "label.accept",
        label: t("label.accept"),
        group,
        keys: ["enter"],
        when: suggested,
        run: () => desk.pick(0),
      },
      ...ranks.map(
        (rank): Command => ({
          id: `label.rank.${rank}`,
          label: t("label.pickRank", { rank }),
          group,
          keys: [String(rank)],
          when: suggested,
          hidden: true,
          run: () => desk.pick(rank - 1),
        }),
      ),
      {
        id: "label.search",
        label: t("label.searchClass"),
        group,
        keys: ["/"],
        when: here,
        run: () => search.current?.focus(),
      },
      {
        id: "label.undo",
        label: t("label.undo"),
        group,
        keys: ["z", "backspace"],
        run: () => void desk.undo(),
      },
      {
        id: "label.skip",
        label: t("label.skip"),
        group,
        keys: ["s"],
        when: here,
        run: () => desk.setVerdict("skip"),
      },
      {
        id: "label.unsure",
        label: t("label.unsure"),
        group,
        keys: ["u"],
        when: here,
        run: () => desk.setVerdict("unsure"),
      },
      { id: "label.flag", label: t("label.flag"), group, keys: ["f"], when: here, run: flag },
      { id: "label.guide", label: t("label.guide"), group, keys: ["g"], run: guide },
      { id: "label.zoom", label: t("label.zoom"), group, keys: [" "], when: here, run: zoom },
      {
        id: "label.similar",
        label: t("similar.command"),
        group,
        keys: ["."],
        when: () => desk.current !== undefined && !desk.current.blind,
        run: similar,
      },
      ...byLetter,
    ];
  }, [desk, classes, flag, guide, zoom, similar, search, t]);
  useCommands(commands);
}
