import { Cpu, FolderTree, Sparkles, SquareMousePointer, Terminal } from "lucide-react";
import { useTranslation } from "react-i18next";
import type { Project } from "../../api/types";
import { Importer } from "./Importer";
import styles from "./imports.module.css";

/** An empty project: say what to do, and offer it right there. */
export function FirstImport({ project }: { project: Project }) {
  const { t } = useTranslation();
  const steps = [
    { icon: Cpu, title: t("first.embed"), text: t("first.embedText") },
    { icon: SquareMousePointer, title: t("first.label"), text: t("first.labelText") },
    { icon: Sparkles, title: t("first.learn"), text: t("first.learnText") },
  ];
  if (project.role !== "lead")
    return (
      <main className={styles.first}>
        <h1>{t("first.waitTitle")}</h1>
        <p>{t("first.waitText")}</p>
      </main>
    );
  return (
    <main className={styles.first}>
      <h1>{t("first.title")}</h1>
      <p>{t("first.text")}</p>
      <Importer project={project.id} />
      <div className={styles.ways}>
        <section>
          <h2>
            <FolderTree size={18} strokeWidth={1.5} aria-hidden /> {t("first.withLabels")}
          </h2>
          <p>{t("first.withLabelsText")}</p>
          <pre>{"shirt/1.jpg\ntrain/shirt/1.jpg"}</pre>
        </section>
        <section>
          <h2>
            <Terminal size={18} strokeWidth={1.5} aria-hidden /> {t("first.shell")}
          </h2>
          <p>{t("first.shellText")}</p>
          <pre>{`annotator import ${project.id} pictures/`}</pre>
        </section>
      </div>
      <h3>{t("first.then")}</h3>
      <ol className={styles.steps}>
        {steps.map(({ icon: Icon, title, text }) => (
          <li key={title}>
            <Icon size={18} strokeWidth={1.5} aria-hidden />
            <div>
              <b>{title}</b>
              <p>{text}</p>
            </div>
          </li>
        ))}
      </ol>
    </main>
  );
}
