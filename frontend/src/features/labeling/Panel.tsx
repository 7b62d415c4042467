import { CircleHelp, Flag, SkipForward } from "lucide-react";
import type { RefObject } from "react";
import { useTranslation } from "react-i18next";
import type { LabelClass, Task } from "../../api/types";
import { Chips } from "./Chips";
import { DeskButton } from "./DeskButton";
import type { DeskController } from "./desk";
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

/** Everything that can be said about the picture, at its right. */
export function Panel(props: PanelProps) {
  const { t } = useTranslation();
  const { desk, task, classOf, onFlag } = props;
  return (
    <aside className={styles.panel} aria-label={t("label.panel")}>
      <div className={styles.scroll}>
        <section className={styles.say}>
          <Suggestion {...props} />
          <Chips {...props} />
        </section>
        <Why task={task} classOf={classOf} />
      </div>
      <footer className={styles.other}>
        <DeskButton onClick={() => desk.setVerdict("unsure")}>
          <CircleHelp size={16} strokeWidth={1.5} aria-hidden /> {t("label.unsure")} <kbd aria-hidden>U</kbd>
        </DeskButton>
        <DeskButton onClick={() => desk.setVerdict("skip")}>
          <SkipForward size={16} strokeWidth={1.5} aria-hidden /> {t("label.skip")} <kbd aria-hidden>S</kbd>
        </DeskButton>
        <DeskButton onClick={onFlag}>
          <Flag size={16} strokeWidth={1.5} aria-hidden /> {t("label.flag")} <kbd aria-hidden>F</kbd>
        </DeskButton>
      </footer>
    </aside>
  );
}
