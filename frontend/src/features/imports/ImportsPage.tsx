import { Plus } from "lucide-react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { useImports } from "../../api/queries";
import { LinkButton } from "../../components/Button";
import { Failure, Placeholder } from "../../components/Page";
import { TopBar } from "../../components/TopBar";
import { useProjectContext } from "../../components/useProjectContext";
import { count, dateTime } from "../../messages/i18n";
import { Importer } from "./Importer";
import styles from "./imports.module.css";

export function ImportsPage() {
  const { t } = useTranslation();
  const project = useProjectContext();
  const { data, error, refetch } = useImports(project.id);
  const leads = project.role === "lead";
  return (
    <>
      <TopBar title={t("imports.title")}>
        {leads && (
          <LinkButton
            to={`/projects/${project.id}/imports/new`}
            look="primary"
            icon={<Plus size={16} strokeWidth={1.5} />}
          >
            {t("imports.new")}
          </LinkButton>
        )}
      </TopBar>
      <main className={styles.page}>
        {error && <Failure error={error} retry={() => void refetch()} />}
        {!data && !error && <Placeholder height={160} />}
        {data && data.results.length === 0 && <p className={styles.hint}>{t("imports.none")}</p>}
        {data && data.results.length > 0 && (
          <section className={styles.list}>
            <table>
              <thead>
                <tr>
                  <th>{t("imports.batch")}</th>
                  <th>{t("imports.stateTitle")}</th>
                  <th className={styles.number}>{t("imports.imported")}</th>
                  <th className={styles.number}>{t("imports.rejected")}</th>
                  <th className={styles.when}>{t("common.created")}</th>
                </tr>
              </thead>
              <tbody>
                {data.results.map((batch) => (
                  <tr key={batch.id} data-testid="import-row">
                    <td>
                      <Link to={`/projects/${project.id}/imports/${batch.id}`}>
                        {batch.name || t("imports.unnamed", { id: batch.id })}
                      </Link>
                    </td>
                    <td>{t(`imports.state.${batch.state}`)}</td>
                    <td className={styles.number}>{count(batch.counts.imported)}</td>
                    <td className={styles.number}>{count(batch.counts.rejected)}</td>
                    <td className={styles.when}>{dateTime(batch.created_at)}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </section>
        )}
      </main>
    </>
  );
}

export function NewImportPage() {
  const { t } = useTranslation();
  const project = useProjectContext();
  return (
    <>
      <TopBar title={t("imports.new")} />
      <main className={`${styles.page} ${styles.narrow}`}>
        <Importer project={project.id} compact />
      </main>
    </>
  );
}
