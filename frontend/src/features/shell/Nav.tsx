import {
  Boxes,
  ChartBarBig,
  ChevronsUpDown,
  Copy,
  Download,
  GraduationCap,
  Grid2x2Check,
  History,
  House,
  Images,
  Import,
  Keyboard,
  Layers,
  Loader,
  type LucideIcon,
  MessagesSquare,
  Settings2,
  SquareMousePointer,
} from "lucide-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { NavLink, useNavigate } from "react-router";
import { useActiveJobs } from "../../api/pulse";
import { useOverview, useProjects } from "../../api/queries";
import type { Project } from "../../api/types";
import { Logo } from "../../components/Logo";
import { Menu } from "../../components/Menu";
import { showOverlay } from "../../components/overlays";
import { mayAs } from "../../components/roles";
import { count } from "../../messages/i18n";
import styles from "./shell.module.css";
import { UserMenu } from "./UserMenu";

interface ItemProps {
  to: string;
  icon: LucideIcon;
  label: string;
  badge?: number;
  rail: boolean;
  end?: boolean;
}

function Item({ to, icon: Icon, label, badge, rail, end }: ItemProps) {
  return (
    <NavLink
      to={to}
      end={end}
      className={styles.item}
      title={rail ? label : undefined}
      aria-label={rail ? label : undefined}
      onClick={() => showOverlay(null)}
    >
      <Icon size={18} strokeWidth={1.5} aria-hidden />
      {!rail && <span className={styles.itemText}>{label}</span>}
      {!rail && badge ? <span className={styles.badge}>{count(badge)}</span> : null}
    </NavLink>
  );
}

function ProjectSwitcher({ project, rail }: { project: Project; rail: boolean }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const { data: projects } = useProjects();
  return (
    <Menu
      label={t("nav.switchProject", { name: project.name })}
      className={styles.switcher}
      trigger={
        <>
          <Logo />
          {!rail && (
            <>
              <b className={styles.itemText}>{project.name}</b>
              <ChevronsUpDown size={14} strokeWidth={1.5} aria-hidden />
            </>
          )}
        </>
      }
      groups={[
        {
          id: "projects",
          entries: (projects ?? []).map((other) => ({
            id: String(other.id),
            label: other.name,
            checked: other.id === project.id,
            run: () => navigate(`/projects/${other.id}`),
          })),
        },
        {
          id: "all",
          entries: [
            { id: "list", label: t("projects.title"), run: () => navigate("/") },
            { id: "new", label: t("projects.new"), run: () => navigate("/projects/new") },
          ],
        },
      ]}
    />
  );
}

/** `bell` is the notifications' button, wide or as an icon alone. */
export function Nav({
  project,
  rail,
  bell,
}: {
  project: Project;
  rail: boolean;
  bell: (compact: boolean) => ReactNode;
}) {
  const { t } = useTranslation();
  const { data: overview } = useOverview(project.id);
  const active = useActiveJobs(project.id).length;
  const base = `/projects/${project.id}`;
  return (
    <nav className={styles.nav} data-rail={rail || undefined} aria-label={t("nav.project")}>
      <ProjectSwitcher project={project} rail={rail} />
      <Item to={base} end icon={House} label={t("nav.home")} rail={rail} />
      {project.role !== "viewer" && (
        <Item
          to={`${base}/label`}
          icon={SquareMousePointer}
          label={t("nav.label")}
          badge={overview?.round?.open}
          rail={rail}
        />
      )}
      {project.role !== "viewer" && (
        <Item to={`${base}/verify`} icon={Grid2x2Check} label={t("verify.title")} rail={rail} />
      )}
      {project.role !== "viewer" && (
        <Item
          to={`${base}/review`}
          icon={MessagesSquare}
          label={t("review.title")}
          badge={mayAs(project.role, "reviewer") ? overview?.review.open : overview?.review.sent_back_to_me}
          rail={rail}
        />
      )}
      {project.role !== "viewer" && (
        <Item to={`${base}/history`} icon={History} label={t("history.title")} rail={rail} />
      )}
      <Item
        to={`${base}/gallery`}
        icon={Images}
        label={t("gallery.title")}
        badge={overview?.counts.labelled}
        rail={rail}
      />
      <Item to={`${base}/balance`} icon={ChartBarBig} label={t("balance.title")} rail={rail} />
      <Item to={`${base}/duplicates`} icon={Copy} label={t("duplicates.title")} rail={rail} />
      <Item to={`${base}/models`} icon={Boxes} label={t("models.title")} rail={rail} />
      <Item to={`${base}/training`} icon={GraduationCap} label={t("training.title")} rail={rail} />
      <Item to={`${base}/snapshots`} icon={Layers} label={t("snapshots.title")} rail={rail} />
      {mayAs(project.role, "reviewer") && (
        <Item to={`${base}/exports`} icon={Download} label={t("exports.title")} rail={rail} />
      )}
      <Item to={`${base}/imports`} icon={Import} label={t("nav.imports")} rail={rail} />
      <div className={styles.gap} />
      <Item to={`${base}/jobs`} icon={Loader} label={t("nav.jobs")} badge={active} rail={rail} />
      <Item to={`${base}/settings`} icon={Settings2} label={t("nav.settings")} rail={rail} />
      <button
        type="button"
        className={`${styles.item} ${styles.keysItem}`}
        title={rail ? t("keys.title") : undefined}
        aria-label={rail ? t("keys.title") : undefined}
        onClick={() => showOverlay("keys")}
      >
        <Keyboard size={18} strokeWidth={1.5} aria-hidden />
        {!rail && <span className={styles.itemText}>{t("nav.keys")}</span>}
        {!rail && <span className={styles.badge}>?</span>}
      </button>
      {bell(rail)}
      <UserMenu compact={rail} />
    </nav>
  );
}
