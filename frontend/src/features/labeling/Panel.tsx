import { CircleHelp, Flag, type LucideIcon, SkipForward } from "lucide-react";
import { memo, type RefObject, useCallback } from "react";
import { useTranslation } from "react-i18next";
import type { LabelClass, Task } from "../../api/types";
import { KeyHint } from "../../components/KeyCaps";
import { Chips } from "./Chips";
import { DeskButton } from "./DeskButton";
import type { DeskController } from "./desk";
import { Nearest, useNeighbours } from "./Nearest";
import styles from "./panel.module.css";
import { Suggestion } from "./Suggestion";
import { Why } from "./Why";

export interface PanelProps {
  desk: DeskController;
  task: Task;
  classes: LabelClass[];
  classOf: (id: number | null) => LabelClass | undefined;
  search: RefObject<HTMLInputElement | null>;
  onFlag: () => void;
}

interface Props extends PanelProps {
  project: number;
}

interface OtherProps {
  icon: LucideIcon;
  label: string;
  command: string;
  onClick: () => void;
}

const Other = memo(function Other({ icon: Icon, label, command, onClick }: OtherProps) {
  return (
    <DeskButton onClick={onClick}>
      <Icon size={16} strokeWidth={1.5} aria-hidden /> {label} <KeyHint command={command} />
    </DeskButton>
  );
});

/** Everything that can be said about the picture, at its right. */
export function Panel(props: Props) {
  const { t } = useTranslation();
  const { desk, project, task, classOf, onFlag } = props;
  const neighbours = useNeighbours(project, desk);
  const unsure = useCallback(() => desk.setVerdict("unsure"), [desk]);
  const skip = useCallback(() => desk.setVerdict("skip"), [desk]);
  return (
    <aside className={styles.panel} aria-label={t("label.panel")}>
      <div className={styles.scroll}>
        <section className={styles.say}>
          <Suggestion {...props} />
          <Chips {...props} />
        </section>
        <Why task={task} classOf={classOf} />
        {/* The labels of look-alikes would be a hint. */}
        {!task.blind && <Nearest task={task} cache={neighbours} classOf={classOf} />}
      </div>
      <footer className={styles.other}>
        <Other icon={CircleHelp} label={t("label.unsure")} command="label.unsure" onClick={unsure} />
        <Other icon={SkipForward} label={t("label.skip")} command="label.skip" onClick={skip} />
        <Other icon={Flag} label={t("label.flag")} command="label.flag" onClick={onFlag} />
      </footer>
    </aside>
  );
}
