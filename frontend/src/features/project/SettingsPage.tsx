import { useTranslation } from "react-i18next";
import { NavLink, Outlet } from "react-router";
import { TopBar } from "../../components/TopBar";
import { useProjectContext } from "../../components/useProjectContext";
import styles from "./project.module.css";

/** The settings of one project, in tabs. */
export function SettingsPage() {
  const { t } = useTranslation();
  const project = useProjectContext();
  const base = `/projects/${project.id}/settings`;
  return (
    <>
      <TopBar title={t("settings.title")} note={project.name} />
      <nav className={styles.tabs} aria-label={t("settings.title")}>
        <NavLink to={base} end>
          {t("settings.general")}
        </NavLink>
        <NavLink to={`${base}/classes`}>{t("settings.classes")}</NavLink>
        <NavLink to={`${base}/members`}>{t("settings.members")}</NavLink>
        {project.role === "lead" && <NavLink to={`${base}/webhooks`}>{t("webhooks.title")}</NavLink>}
      </nav>
      <main className={styles.settings}>
        <Outlet context={project} />
      </main>
    </>
  );
}
