/** Keys of the picture's view and of the way back through one's answers, as commands. */
import type { TFunction } from "i18next";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import type { Command } from "../../commands/registry";
import { useCommands } from "../../commands/useCommands";
import type { DeskController } from "./desk";
import { toggleFullscreen } from "./fullscreen";
import type { Viewer } from "./viewerState";

type Make = (id: string, label: string, keys: string[], run: () => void, more?: Partial<Command>) => Command;

function viewing(make: Make, viewer: Viewer, t: TFunction): Command[] {
  const again = { repeats: true };
  // Arrows that have nowhere to go are left to whatever else uses them.
  const pan = { repeats: true, hidden: true, when: () => viewer.pannable };
  return [
    make("in", t("viewer.zoomIn"), ["+", "="], viewer.zoomIn, again),
    make("out", t("viewer.zoomOut"), ["-"], viewer.zoomOut, again),
    make("fit", t("viewer.fit"), ["0"], viewer.fit),
    make("actual", t("viewer.actual"), ["9"], viewer.actual),
    make("left", t("viewer.left"), ["arrowleft"], () => viewer.lookTo(-1, 0), pan),
    make("right", t("viewer.right"), ["arrowright"], () => viewer.lookTo(1, 0), pan),
    make("up", t("viewer.up"), ["arrowup"], () => viewer.lookTo(0, -1), pan),
    make("down", t("viewer.down"), ["arrowdown"], () => viewer.lookTo(0, 1), pan),
    make("turnRight", t("viewer.turnRight"), ["]"], () => viewer.turnBy(1)),
    make("turnLeft", t("viewer.turnLeft"), ["["], () => viewer.turnBy(-1)),
    make("brighter", t("viewer.brighter"), ["shift+arrowup"], () => viewer.brighten(1), again),
    make("darker", t("viewer.darker"), ["shift+arrowdown"], () => viewer.brighten(-1), again),
    make("harder", t("viewer.harder"), ["shift+arrowright"], () => viewer.sharpen(1), again),
    make("softer", t("viewer.softer"), ["shift+arrowleft"], () => viewer.sharpen(-1), again),
    make("invert", t("viewer.invert"), ["\\"], viewer.invert),
    make("reset", t("viewer.reset"), ["shift+ "], viewer.reset),
    make("fullscreen", t("viewer.fullscreen"), ["shift+f"], toggleFullscreen),
  ];
}

export function useViewCommands(desk: DeskController, viewer: Viewer, project: number): void {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const commands = useMemo<Command[]>(() => {
    const here = () => desk.current !== undefined;
    const make: Make = (id, label, keys, run, more) => ({
      id: `viewer.${id}`,
      label,
      group: t("viewer.group"),
      keys,
      when: here,
      run,
      ...more,
    });
    const group = t("nav.label");
    return [
      ...viewing(make, viewer, t),
      { id: "label.earlier", label: t("label.earlier"), group, keys: [","], run: () => desk.revisit() },
      {
        id: "label.leave",
        label: t("label.leaveEarlier"),
        group,
        keys: ["escape"],
        when: () => desk.revisiting,
        run: () => desk.leave(),
      },
      {
        id: "label.history",
        label: t("label.history"),
        group,
        run: () => navigate(`/projects/${project}/history`),
      },
    ];
  }, [desk, viewer, project, navigate, t]);
  useCommands(commands);
}
