/** The keys of the Label page, as commands. */
import { type RefObject, useMemo } from "react";
import { useTranslation } from "react-i18next";
import type { LabelClass } from "../../api/types";
import type { Command } from "../../commands/registry";
import { useCommands } from "../../commands/useCommands";
import { answering, closing, naming } from "./answerKeys";
import type { DeskController } from "./desk";

export interface LabelActions {
  flag: () => void;
  guide: () => void;
  /** The guide while its key is held. */
  peek: { down: () => void; up: () => void };
  zoom: () => void;
  similar: () => void;
  search: RefObject<HTMLInputElement | null>;
}

export function useLabelCommands(desk: DeskController, classes: LabelClass[], actions: LabelActions): void {
  const { t } = useTranslation();
  const { flag, guide, peek, zoom, similar, search } = actions;
  const commands = useMemo<Command[]>(() => {
    const group = t("nav.label");
    const here = () => desk.current !== undefined;
    return [
      closing(desk, t),
      ...answering(desk, t),
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
      { id: "label.guide", label: t("label.guide"), group, keys: ["g"], run: guide, hold: peek },
      { id: "label.zoom", label: t("label.zoom"), group, keys: [" "], when: here, run: zoom },
      {
        id: "label.similar",
        label: t("similar.command"),
        group,
        keys: ["."],
        when: () => desk.current !== undefined && !desk.current.blind,
        run: similar,
      },
      ...naming(desk, classes, t),
    ];
  }, [desk, classes, flag, guide, peek, zoom, similar, search, t]);
  useCommands(commands);
}
