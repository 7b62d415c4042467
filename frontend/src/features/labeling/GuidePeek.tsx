import { useTranslation } from "react-i18next";
import type { LabelClass, Project, Task } from "../../api/types";
import { Markdown } from "../../components/Markdown";
import { ClassGuide, type ClassOf } from "./ClassGuide";
import styles from "./guide.module.css";

/** The class that a person means: the one under the cursor or in focus, else the suggested one. */
export function meantClass(task: Task | undefined): number | null {
  const pointed =
    document.querySelector("[data-class-id]:hover") ?? document.activeElement?.closest("[data-class-id]");
  const id = Number(pointed?.getAttribute("data-class-id"));
  return id || (task?.suggestion?.top[0]?.class ?? null);
}

/** The guide while its key is held: it takes no focus, and goes with the key. */
export function GuidePeek({
  project,
  of,
  classOf,
}: {
  project: Project;
  of: LabelClass | undefined;
  classOf: ClassOf;
}) {
  const { t } = useTranslation();
  return (
    <section
      className={styles.peek}
      aria-label={t("label.guide")}
      aria-live="polite"
      data-testid="guide-peek"
    >
      {of ? (
        <ClassGuide project={project.id} of={of} classOf={classOf} />
      ) : (
        <Markdown text={project.instructions || t("label.noInstructions")} />
      )}
      <p className={styles.hint}>{t("guide.tap")}</p>
    </section>
  );
}
