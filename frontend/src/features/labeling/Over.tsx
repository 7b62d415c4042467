import type { LabelClass, Project, Task } from "../../api/types";
import { LookAlikes } from "../../components/LookAlikes";
import type { DeskController } from "./desk";
import { FlagDialog } from "./FlagDialog";
import { GuideDialog } from "./GuideDialog";

export interface DeskProps {
  project: Project;
  desk: DeskController;
  classes: LabelClass[];
  classOf: (id: number | null) => LabelClass | undefined;
}

export type Opened = "flag" | "guide" | "peek" | "similar" | "classes" | null;

interface Props extends DeskProps {
  open: Opened;
  task?: Task;
  /** The class that the guide begins with. */
  meant: number | null;
  close: () => void;
}

/** What lies over the desk, one thing at a time. */
export function Over({ open, project, desk, classes, classOf, task, meant, close }: Props) {
  if (open === "guide")
    return (
      <GuideDialog project={project} classes={classes} classOf={classOf} first={meant} onClose={close} />
    );
  if (!task) return null;
  if (open === "similar")
    return (
      <LookAlikes
        project={project}
        of={{ id: task.image.id, name: task.image.name, thumb: task.image.urls.thumb }}
        onClose={close}
      />
    );
  if (open === "flag")
    return (
      <FlagDialog
        onClose={close}
        onFlag={(comment) => {
          close();
          desk.setVerdict("flag", comment);
        }}
      />
    );
  return null;
}
