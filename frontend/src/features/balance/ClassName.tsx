import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { ReportClass } from "../../api/balanceReport";
import { useClasses } from "../../api/queries";
import { ClassTile } from "../../components/ClassTile";
import styles from "./report.module.css";

/** A class with its tile; its name leads to its pictures. */
export function ClassName({ row, project }: { row: ReportClass; project: number }) {
  const { t } = useTranslation();
  const { data: classes } = useClasses(project);
  const known = classes?.find((one) => one.id === row.id);
  return (
    <span className={styles.name}>
      <ClassTile of={known ?? { name: row.name, color: row.color, hotkey: "" }} />
      <Link to={`/projects/${project}/gallery?class=${row.id}`} title={row.name}>
        {row.name}
      </Link>
      {row.archived && <small>{t("balanceReport.archived")}</small>}
    </span>
  );
}
