/** The keys that name a class: a letter each (a group's opens its own), "/" for the search field. */
import { type RefObject, useEffect, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import type { LabelClass } from "../api/types";
import type { Command } from "../commands/registry";
import { useCommands } from "../commands/useCommands";
import { type Level, levelOf } from "./classTree";

export interface ClassKeys {
  level: Level<LabelClass>;
  /** The group whose classes are shown; null at the top. */
  open: number | null;
  setOpen: (group: number | null) => void;
}

interface Options {
  /** Begins the commands' ids: `review` makes `review.class.7`. */
  room: string;
  classes: LabelClass[];
  search: RefObject<HTMLInputElement | null>;
  when: () => boolean;
  onPick: (id: number) => void;
  /** What the classes are for; an open group closes when it changes. */
  of: number | string | null;
}

export function useClassKeys({ room, classes, search, when, onPick, of }: Options): ClassKeys {
  const { t } = useTranslation();
  const [open, setOpen] = useState<number | null>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the next picture begins at the top
  useEffect(() => setOpen(null), [of]);
  const level = useMemo(() => levelOf(classes, open), [classes, open]);
  const commands = useMemo<Command[]>(() => {
    const group = t("label.classGroup");
    const letters = level.choices.map(
      (one): Command => ({
        id: `${room}.class.${one.id}`,
        label: one.name,
        group,
        keys: one.hotkey ? [one.hotkey] : undefined,
        when,
        run: () => {
          if (level.groups.has(one.id)) return setOpen(one.id);
          setOpen(null);
          onPick(one.id);
        },
      }),
    );
    const back: Command = {
      id: `${room}.closeGroup`,
      label: t("common.back"),
      group,
      keys: ["escape"],
      hidden: true,
      run: () => setOpen(null),
    };
    const find: Command = {
      id: `${room}.searchClass`,
      label: t("label.searchClass"),
      group,
      keys: ["/"],
      when,
      run: () => search.current?.focus(),
    };
    return open === null ? [find, ...letters] : [find, back, ...letters];
  }, [room, level, open, search, when, onPick, t]);
  useCommands(commands);
  return { level, open, setOpen };
}
