import { Layers, Plus } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { type Snapshot, splits, useSnapshots } from "../../api/datasets";
import { Button } from "../../components/Button";
import { KindJobs } from "../../components/KindJobs";
import { Failure, Placeholder } from "../../components/Page";
import { Segmented } from "../../components/Segmented";
import { Table } from "../../components/Table";
import { TopBar } from "../../components/TopBar";
import { useProjectContext } from "../../components/useProjectContext";
import { count, dateTime } from "../../messages/i18n";
import { NewSnapshotDialog } from "./NewSnapshotDialog";
import { SplitBar } from "./SplitBar";
import styles from "./snapshots.module.css";
import { totals } from "./sums";

function Row({ snapshot, base }: { snapshot: Snapshot; base: string }) {
  const sums = totals(snapshot.classes);
  return (
    <tr data-testid="snapshot-row">
      <td data-number>{snapshot.number}</td>
      <td className={styles.name}>
        <Link to={`${base}/${snapshot.id}`}>{snapshot.name}</Link>
      </td>
      <td data-number>{count(snapshot.rows)}</td>
      <td data-number className={styles.wide}>
        {count(snapshot.classes.length)}
      </td>
      <td className={`${styles.splitCell} ${styles.wide}`}>
        <SplitBar parts={splits.map((name) => [name, sums[name]])} of={snapshot.rows} />
      </td>
      <td className={styles.wide}>{snapshot.created_by?.name ?? "–"}</td>
      <td data-number className={styles.wide}>
        {dateTime(snapshot.created_at)}
      </td>
    </tr>
  );
}

function None({ leads, onNew }: { leads: boolean; onNew: () => void }) {
  const { t } = useTranslation();
  return (
    <section className={styles.none} data-testid="snapshots-empty">
      <Layers size={24} strokeWidth={1.5} aria-hidden />
      <h2>{t("snapshots.noneTitle")}</h2>
      <p>{t("snapshots.noneText")}</p>
      {leads ? (
        <Button look="primary" size="l" onClick={onNew}>
          {t("snapshots.new")}
        </Button>
      ) : (
        <p>{t("snapshots.askLead")}</p>
      )}
    </section>
  );
}

/** The project's snapshots, and the way to a new one. */
export function SnapshotsPage() {
  const { t } = useTranslation();
  const project = useProjectContext();
  const [asking, setAsking] = useState(false);
  const [archived, setArchived] = useState(false);
  const { data, error, refetch, hasNextPage, fetchNextPage } = useSnapshots(project.id);
  const all = data?.pages.flatMap((page) => page.results) ?? [];
  const shown = all.filter((snapshot) => snapshot.archived === archived);
  const leads = project.role === "lead";
  return (
    <>
      <TopBar
        title={t("snapshots.title")}
        note={
          all.some((snapshot) => snapshot.archived) && (
            <Segmented
              label={t("snapshots.which")}
              choices={[
                ["current", t("snapshots.current")],
                ["archived", t("snapshots.archivedOnes")],
              ]}
              value={archived ? "archived" : "current"}
              onChange={(value) => setArchived(value === "archived")}
            />
          )
        }
      >
        {leads && (
          <Button look="primary" icon={<Plus size={16} strokeWidth={1.5} />} onClick={() => setAsking(true)}>
            {t("snapshots.new")}
          </Button>
        )}
      </TopBar>
      <main className={styles.page}>
        <KindJobs project={project} kind="snapshot" />
        {error && <Failure error={error} retry={() => void refetch()} />}
        {!data && !error && <Placeholder height={160} />}
        {data && all.length === 0 && <None leads={leads} onNew={() => setAsking(true)} />}
        {all.length > 0 && (
          <section className={styles.list}>
            {shown.length === 0 ? (
              <p className={styles.quiet}>{t("snapshots.noneSuch")}</p>
            ) : (
              <Table label={t("snapshots.title")}>
                <thead>
                  <tr>
                    <th data-number>#</th>
                    <th>{t("snapshots.name")}</th>
                    <th data-number>{t("snapshots.pictures")}</th>
                    <th data-number className={styles.wide}>
                      {t("snapshots.classes")}
                    </th>
                    <th className={styles.wide}>{t("snapshots.splits")}</th>
                    <th className={styles.wide}>{t("snapshots.by")}</th>
                    <th data-number className={styles.wide}>
                      {t("common.created")}
                    </th>
                  </tr>
                </thead>
                <tbody>
                  {shown.map((snapshot) => (
                    <Row key={snapshot.id} snapshot={snapshot} base={`/projects/${project.id}/snapshots`} />
                  ))}
                </tbody>
              </Table>
            )}
            {hasNextPage && <Button onClick={() => void fetchNextPage()}>{t("common.more")}</Button>}
          </section>
        )}
      </main>
      {asking && <NewSnapshotDialog project={project.id} onClose={() => setAsking(false)} />}
    </>
  );
}
