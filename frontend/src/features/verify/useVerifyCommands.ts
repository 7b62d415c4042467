/** The keys of the Verify page, as commands. */
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import type { LabelClass } from "../../api/types";
import type { Command } from "../../commands/registry";
import { useCommands } from "../../commands/useCommands";
import { moved } from "../../components/gridWindow";
import { childrenOf, parentOf } from "./classes";
import type { VerifyDesk } from "./desk";
import { focusedImage, type Mark } from "./pages";

export interface VerifyActions {
  /** Cells in a row, as they lie now. */
  columns: () => number;
  search: () => void;
  holdCloser: (on: boolean) => void;
  pinCloser: () => void;
  /** Closes what lies on top; false when nothing does. */
  leave: () => void;
  covered: () => boolean;
  otherClass: (step: 1 | -1) => void;
  otherSize: (step: 1 | -1) => void;
  order: () => void;
  mode: () => void;
  misses: () => void;
}

function useMoves(desk: VerifyDesk, columns: () => number): Command[] {
  const { t } = useTranslation();
  return useMemo(() => {
    const ways = [
      ["left", "ArrowLeft"],
      ["right", "ArrowRight"],
      ["up", "ArrowUp"],
      ["down", "ArrowDown"],
      ["first", "Home"],
      ["last", "End"],
    ] as const;
    return ways.map(
      ([way, key]): Command => ({
        id: `verify.${way}`,
        label: t(`verify.move.${way}`),
        group: t("verify.title"),
        keys: [key.toLowerCase()],
        hidden: true,
        repeats: true,
        when: () => desk.page !== undefined,
        run: () => {
          const total = desk.page?.pictures.length ?? 0;
          const index = moved(key, desk.read().focused, columns(), total);
          if (index !== null) desk.step({ do: "focus", index });
        },
      }),
    );
  }, [desk, columns, t]);
}

function useClassKeys(desk: VerifyDesk, classes: LabelClass[]): Command[] {
  const { t } = useTranslation();
  return useMemo(
    () =>
      classes.map((one): Command => {
        const parent = parentOf(one);
        const open = () => desk.read().group;
        return {
          id: `verify.class.${one.id}`,
          label: one.name,
          group: t("label.classGroup"),
          keys: one.hotkey ? [one.hotkey] : undefined,
          // A letter of a child is one only while its group is open; the palette has no use for groups.
          when: () => desk.page !== undefined && open() === parent,
          run: () => {
            if (childrenOf(classes, one.id).length) desk.openGroup(one.id);
            else desk.sayClass(one.id);
          },
        };
      }),
    [desk, classes, t],
  );
}

export function useVerifyCommands(desk: VerifyDesk, classes: LabelClass[], actions: VerifyActions): void {
  const { t } = useTranslation();
  const moves = useMoves(desk, actions.columns);
  const byLetter = useClassKeys(desk, classes);
  const commands = useMemo<Command[]>(() => {
    const group = t("verify.title");
    const here = () => desk.page !== undefined;
    const say = (verdict: Mark["verdict"]) => () => desk.step({ do: "say", mark: { verdict, label: null } });
    const mark = () => {
      const image = focusedImage(desk.read());
      if (image !== undefined) desk.step({ do: "toggle", images: [image] });
    };
    return [
      {
        id: "verify.confirm",
        label: t("verify.confirm"),
        group,
        keys: ["enter"],
        when: here,
        run: () => desk.confirm(),
      },
      { id: "verify.mark", label: t("verify.mark"), group, keys: ["x"], when: here, run: mark },
      ...moves,
      {
        id: "verify.undo",
        label: t("verify.takeBackLast"),
        group,
        keys: ["z", "backspace"],
        when: () => desk.read().done.length > 0,
        run: () => void desk.undo(),
      },
      {
        id: "verify.closer",
        label: t("verify.closer"),
        group,
        keys: [" "],
        when: here,
        hold: { down: () => actions.holdCloser(true), up: () => actions.holdCloser(false) },
        run: actions.pinCloser,
      },
      {
        id: "verify.search",
        label: t("label.searchClass"),
        group,
        keys: ["/"],
        when: here,
        run: actions.search,
      },
      { id: "verify.unsure", label: t("verify.unsure"), group, keys: ["u"], when: here, run: say("unsure") },
      { id: "verify.skip", label: t("verify.skip"), group, keys: ["s"], when: here, run: say("skip") },
      { id: "verify.flag", label: t("verify.flag"), group, keys: ["f"], when: here, run: say("flag") },
      {
        id: "verify.leave",
        label: t("verify.leave"),
        group,
        keys: ["escape"],
        hidden: true,
        when: actions.covered,
        run: actions.leave,
      },
      {
        id: "verify.next-class",
        label: t("verify.nextClass"),
        group,
        keys: ["]"],
        run: () => actions.otherClass(1),
      },
      {
        id: "verify.previous-class",
        label: t("verify.previousClass"),
        group,
        keys: ["["],
        run: () => actions.otherClass(-1),
      },
      {
        id: "verify.more",
        label: t("verify.more"),
        group,
        keys: ["+", "="],
        run: () => actions.otherSize(1),
      },
      { id: "verify.fewer", label: t("verify.fewer"), group, keys: ["-"], run: () => actions.otherSize(-1) },
      { id: "verify.order", label: t("verify.turnOrder"), group, run: actions.order },
      { id: "verify.mode", label: t("verify.turnMode"), group, run: actions.mode },
      { id: "verify.misses", label: t("verify.misses"), group, run: actions.misses },
      ...byLetter,
    ];
  }, [desk, actions, moves, byLetter, t]);
  useCommands(commands);
}
