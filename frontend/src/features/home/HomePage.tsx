import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { useOverview } from "../../api/queries";
import type { Project } from "../../api/types";
import { FocusChip } from "../../components/FocusChip";
import { Failure, Placeholder } from "../../components/Page";
import { TopBar } from "../../components/TopBar";
import { useProjectContext } from "../../components/useProjectContext";
import { count } from "../../messages/i18n";
import { AccuracyCard } from "./AccuracyCard";
import { ActivityCard } from "./ActivityCard";
import styles from "./home.module.css";
import { ModelCard } from "./ModelCard";
import { NextStep } from "./NextStep";
import { ProgressCard } from "./ProgressCard";

interface Slots {
  empty: (project: Project) => ReactNode;
  balance: (project: Project) => ReactNode;
  jobs: (project: Project) => ReactNode;
}

/** A project at a glance; cards of other features come in as slots. */
export function HomePage({ empty, balance, jobs }: Slots) {
  const { t } = useTranslation();
  const project = useProjectContext();
  const { data: overview, error, refetch } = useOverview(project.id);
  if (!overview)
    return (
      <>
        <TopBar title={t("nav.home")} />
        <main className={styles.page}>
          {error ? <Failure error={error} retry={() => void refetch()} /> : <Placeholder height={150} />}
        </main>
      </>
    );
  const { counts } = overview;
  if (overview.stage === "empty")
    return (
      <>
        <TopBar title={project.name} note={t("home.noPictures")} />
        {empty(project)}
      </>
    );
  const note = [
    t("projects.pictures", { count: counts.images, number: count(counts.images) }),
    t("projects.classCount", { count: counts.classes, number: count(counts.classes) }),
    t("projects.people", { count: counts.members, number: count(counts.members) }),
  ].join(", ");
  return (
    <>
      <TopBar title={t("nav.home")} note={note}>
        <FocusChip />
      </TopBar>
      <main className={styles.page}>
        <NextStep project={project} overview={overview} />
        <div className={styles.upper}>
          <AccuracyCard project={project.id} overview={overview} />
          {balance(project)}
        </div>
        <div className={styles.lower}>
          <ProgressCard overview={overview} />
          <ModelCard project={project.id} overview={overview} />
          {jobs(project)}
          <ActivityCard project={project.id} />
        </div>
      </main>
    </>
  );
}
