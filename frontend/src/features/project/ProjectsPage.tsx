import { Plus } from "lucide-react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { useProjects } from "../../api/queries";
import { useArchivedProjects } from "../../api/site";
import type { ProjectCard } from "../../api/types";
import { LinkButton } from "../../components/Button";
import { Failure, PageHead, Placeholder } from "../../components/Page";
import { Progress } from "../../components/Progress";
import { count, percent } from "../../messages/i18n";
import styles from "./project.module.css";

function Thumbs({ urls }: { urls: string[] }) {
  const places = [0, 1, 2, 3];
  return (
    <div className={styles.thumbs} aria-hidden>
      {places.map((place) => {
        const url = urls[place];
        return url ? <img key={place} src={url} alt="" loading="lazy" /> : <span key={place} />;
      })}
    </div>
  );
}

function CardOf({ project }: { project: ProjectCard }) {
  const { t } = useTranslation();
  const { counts, head } = project;
  const share = counts.images ? counts.labelled / counts.images : 0;
  return (
    <li>
      <Link to={`/projects/${project.id}`} className={styles.projectCard} data-testid="project-card">
        <Thumbs urls={project.thumbs} />
        <div className={styles.projectBody}>
          <h2>{project.name}</h2>
          <p>
            {t("projects.pictures", { count: counts.images, number: count(counts.images) })}
            {", "}
            {t("projects.classCount", { count: counts.classes, number: count(counts.classes) })}
            {project.label_mode === "multi" && `, ${t("projects.several")}`}
          </p>
          <Progress value={share} label={t("projects.labelledShare")} />
          <p className={styles.projectFoot}>
            <span>{t("projects.labelled", { number: count(counts.labelled) })}</span>
            {head?.accuracy != null && <span>{percent(head.accuracy, 1)}</span>}
          </p>
        </div>
      </Link>
    </li>
  );
}

function Empty() {
  const { t } = useTranslation();
  return (
    <div className={styles.empty}>
      <h2>{t("projects.emptyTitle")}</h2>
      <p>{t("projects.emptyText")}</p>
      <LinkButton to="/projects/new" look="primary" size="l" icon={<Plus size={16} strokeWidth={1.5} />}>
        {t("projects.new")}
      </LinkButton>
    </div>
  );
}

function Archived() {
  const { t } = useTranslation();
  const { data } = useArchivedProjects();
  if (!data?.length) return null;
  return (
    <details className={styles.advanced} data-testid="archived-projects">
      <summary>{t("projects.archived", { count: data.length, number: count(data.length) })}</summary>
      <ul className={styles.archivedList}>
        {data.map((project) => (
          <li key={project.id}>
            <Link to={`/projects/${project.id}/settings`}>{project.name}</Link>
            <span className={styles.hint}>
              {t("projects.pictures", {
                count: project.counts.images,
                number: count(project.counts.images),
              })}
            </span>
          </li>
        ))}
      </ul>
    </details>
  );
}

export function ProjectsPage() {
  const { t } = useTranslation();
  const { data: projects, error, refetch } = useProjects();
  const shown = projects?.filter((project) => !project.archived);
  return (
    <main className={styles.page}>
      <PageHead title={t("projects.title")}>
        {shown && shown.length > 0 && (
          <LinkButton to="/projects/new" look="primary" icon={<Plus size={16} strokeWidth={1.5} />}>
            {t("projects.new")}
          </LinkButton>
        )}
      </PageHead>
      {error && <Failure error={error} retry={() => void refetch()} />}
      {!projects && !error && <Placeholder height={220} />}
      {shown && shown.length === 0 && <Empty />}
      <ul className={styles.cards}>
        {shown?.map((project) => (
          <CardOf key={project.id} project={project} />
        ))}
      </ul>
      <Archived />
    </main>
  );
}
