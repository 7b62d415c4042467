/** Which keys answer, and which classes letters mean: what the Label page's commands are made of. */
import type { TFunction } from "i18next";
import type { LabelClass } from "../../api/types";
import type { Command } from "../../commands/registry";
import { leaves, levelOf } from "../../components/classTree";
import type { DeskController } from "./desk";

const ranks = [1, 2, 3, 4, 5];

/** Enter and the digits: what is suggested, or the set of classes where a picture may have several. */
export function answering(desk: DeskController, t: TFunction): Command[] {
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

/** Letters: those of the top, a group's opens its own. */
export function naming(desk: DeskController, classes: LabelClass[], t: TFunction): Command[] {
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
  return [...top.choices.map(letter), ...named, ...lettered];
}

/** The way back from an open group; it comes before whatever else has its keys. */
export function closing(desk: DeskController, t: TFunction): Command {
  return {
    id: "label.closeGroup",
    label: t("label.closeGroup"),
    group: t("label.classGroup"),
    keys: ["escape", "backspace"],
    hidden: true,
    when: () => desk.read().open !== null,
    run: () => desk.openGroup(null),
  };
}
