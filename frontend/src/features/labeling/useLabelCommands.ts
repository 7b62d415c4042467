/** The keys of the Label page, as commands. */
import type { TFunction } from "i18next";
import { type RefObject, useMemo } from "react";
import { useTranslation } from "react-i18next";
import type { LabelClass } from "../../api/types";
import type { Command } from "../../commands/registry";
import { useCommands } from "../../commands/useCommands";
import { leaves, levelOf } from "../../components/classTree";
import type { DeskController } from "./desk";

const ranks = [1, 2, 3, 4, 5];

export interface LabelActions {
  flag: () => void;
  guide: () => void;
  /** The guide while its key is held. */
  peek: { down: () => void; up: () => void };
  zoom: () => void;
  similar: () => void;
  search: RefObject<HTMLInputElement | null>;
}

/** Enter and the digits: what is suggested, or the set of classes where a picture may have several. */
function answering(desk: DeskController, t: TFunction): Command[] {
  const group = t("nav.label");
  const suggested = () => Boolean(desk.current?.suggestion);
  const accept = { id: "label.accept", group, keys: ["enter"] };
  const digits = ranks.map(
    (rank): Command => ({
      id: `label.rank.${rank}`,
      label: t(desk.several ? "label.toggleRank" : "label.pickRank", { rank }),
      group,
      keys: [String(rank)],
      when: suggested,
      hidden: true,
      run: () => desk.pick(rank - 1),
    }),
  );
  if (!desk.several)
    return [{ ...accept, label: t("label.accept"), when: suggested, run: () => desk.pick(0) }, ...digits];
  return [
    { ...accept, label: t("label.sendSet"), when: () => desk.set.length > 0, run: () => desk.send() },
    {
      id: "label.none",
      label: t("label.sendNone"),
      group,
      keys: ["shift+enter"],
      when: () => desk.current !== undefined,
      run: () => desk.send(true),
    },
    ...digits,
  ];
}

/** Letters: those of the top, a group's opens its own, and there Esc or Backspace goes back. */
function naming(desk: DeskController, classes: LabelClass[], t: TFunction): Command[] {
  const group = t("label.classGroup");
  const here = () => desk.current !== undefined;
  const opened = () => desk.read().open;
  const top = levelOf(classes, null);
  const nameOf = new Map(classes.map((one) => [one.id, one.name]));
  const direct = new Set(top.choices.map((one) => one.id));
  const letter = (one: LabelClass): Command => ({
    id: `label.class.${one.id}`,
    label: one.name,
    group,
    keys: one.hotkey ? [one.hotkey] : undefined,
    when: () => here() && opened() === null,
    run: () => (top.groups.has(one.id) ? desk.openGroup(one.id) : desk.label(one.id)),
  });
  // Classes in a group are found by name from anywhere, by their letters when the group is open.
  const within = leaves(classes).filter((one) => !direct.has(one.id));
  const named = within.map(
    (one): Command => ({
      id: `label.class.${one.id}`,
      label: `${nameOf.get(one.parent ?? 0)} › ${one.name}`,
      group,
      when: here,
      run: () => desk.label(one.id),
    }),
  );
  const lettered = within.map(
    (one): Command => ({
      id: `label.child.${one.id}`,
      label: one.name,
      group,
      keys: one.hotkey ? [one.hotkey] : undefined,
      hidden: true,
      when: () => here() && opened() === one.parent,
      run: () => desk.label(one.id),
    }),
  );
  const back: Command = {
    id: "label.closeGroup",
    label: t("label.closeGroup"),
    group,
    keys: ["escape", "backspace"],
    hidden: true,
    when: () => opened() !== null,
    run: () => desk.openGroup(null),
  };
  return [...(top.groups.size ? [back] : []), ...top.choices.map(letter), ...named, ...lettered];
}

export function useLabelCommands(desk: DeskController, classes: LabelClass[], actions: LabelActions): void {
  const { t } = useTranslation();
  const { flag, guide, peek, zoom, similar, search } = actions;
  const commands = useMemo<Command[]>(() => {
    const group = t("nav.label");
    const here = () => desk.current !== undefined;
    return [
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
        // In an open group Backspace goes back to the top.
        when: () => desk.read().open === null,
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
