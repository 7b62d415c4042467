import { type ReactNode, useEffect, useMemo } from "react";
import { useTranslation } from "react-i18next";
import { Outlet, useLocation, useNavigate, useParams } from "react-router";
import { ApiError } from "../../api/client";
import { usePulse } from "../../api/pulse";
import { useProject } from "../../api/queries";
import type { Project } from "../../api/types";
import type { Command } from "../../commands/registry";
import { useCommands } from "../../commands/useCommands";
import { Lost } from "../../components/Crash";
import { Dialog } from "../../components/Dialog";
import { showOverlay, useOverlay } from "../../components/overlays";
import { Failure } from "../../components/Page";
import { Nav } from "./Nav";
import styles from "./shell.module.css";

function useProjectCommands(project: Project): void {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const commands = useMemo<Command[]>(() => {
    const go = (id: string, label: string, path: string): Command => ({
      id: `go.${id}`,
      label,
      group: t("nav.go"),
      run: () => navigate(`/projects/${project.id}${path}`),
    });
    const labels = project.role !== "viewer";
    const leads = project.role === "lead";
    return [
      go("home", t("nav.home"), ""),
      ...(labels ? [go("label", t("nav.label"), "/label"), go("verify", t("verify.title"), "/verify")] : []),
      ...(labels ? [go("review", t("review.title"), "/review")] : []),
      ...(labels ? [go("history", t("history.title"), "/history")] : []),
      go("gallery", t("gallery.title"), "/gallery"),
      go("balance", t("balance.title"), "/balance"),
      go("selection", t("selection.title"), "/selection"),
      go("duplicates", t("duplicates.title"), "/duplicates"),
      go("snapshots", t("snapshots.title"), "/snapshots"),
      ...(leads || project.role === "reviewer" ? [go("exports", t("exports.title"), "/exports")] : []),
      go("imports", t("nav.imports"), "/imports"),
      ...(leads ? [go("import", t("imports.new"), "/imports/new")] : []),
      go("models", t("models.title"), "/models"),
      go("training", t("training.title"), "/training"),
      go("schedules", t("schedules.title"), "/schedules"),
      go("jobs", t("nav.jobs"), "/jobs"),
      go("settings", t("nav.settings"), "/settings"),
      go("classes", t("settings.classes"), "/settings/classes"),
      go("members", t("settings.members"), "/settings/members"),
    ];
  }, [project.id, project.role, t, navigate]);
  useCommands(commands);
}

type Bell = (compact: boolean) => ReactNode;

function Inside({ project, bell }: { project: Project; bell: Bell }) {
  const { t } = useTranslation();
  const { pathname } = useLocation();
  const overlay = useOverlay();
  const rail = /\/(label|verify|review)$/.test(pathname);
  usePulse(project.id);
  useProjectCommands(project);
  useEffect(() => {
    document.title = `${project.name} · Annotator`;
  }, [project.name]);
  return (
    <div className={styles.shell} data-rail={rail || undefined}>
      <Nav project={project} rail={rail} bell={bell} />
      <div className={styles.main}>
        <Outlet context={project} />
      </div>
      {overlay === "nav" && (
        <Dialog title={t("nav.menu")} look="drawer" bare onClose={() => showOverlay(null)}>
          <div className={styles.drawer}>
            <Nav project={project} rail={false} bell={bell} />
          </div>
        </Dialog>
      )}
    </div>
  );
}

/** The frame of one project: navigation at the left, live updates, and the room in the middle. */
export function ProjectShell({ keeper, bell }: { keeper: (project: Project) => ReactNode; bell: Bell }) {
  const { t } = useTranslation();
  const id = Number(useParams().projectId);
  const { data: project, error, refetch } = useProject(id);
  if (!Number.isInteger(id)) return <Lost />;
  if (error instanceof ApiError && error.status === 404)
    return <Lost title={t("errors.noProjectTitle")} text={t("errors.noProjectText")} />;
  if (!project) return error ? <Failure error={error} retry={() => void refetch()} /> : null;
  return (
    <>
      {keeper(project)}
      <Inside key={project.id} project={project} bell={bell} />
    </>
  );
}
