import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Download, PackageOpen, Plus, Trash2 } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useSearchParams } from "react-router";
import {
  exports as calls,
  type ExportRow,
  type Snapshot,
  useExports,
  useSnapshot,
  useSnapshots,
} from "../../api/datasets";
import { keys } from "../../api/queries";
import { Button, IconButton } from "../../components/Button";
import buttons from "../../components/Button.module.css";
import { CopyText } from "../../components/CopyText";
import { Confirm } from "../../components/Dialog";
import { KindJobs } from "../../components/KindJobs";
import { Failure, Placeholder } from "../../components/Page";
import { mayAs } from "../../components/roles";
import { Table } from "../../components/Table";
import { TopBar } from "../../components/TopBar";
import { useProjectContext } from "../../components/useProjectContext";
import { dateTime, fileSize } from "../../messages/i18n";
import styles from "./exports.module.css";
import { NewExportDialog } from "./NewExportDialog";

function Row({
  row,
  snapshot,
  project,
  onDelete,
}: {
  row: ExportRow;
  snapshot: Snapshot | undefined;
  project: number;
  onDelete?: () => void;
}) {
  const { t } = useTranslation();
  return (
    <tr data-testid="export-row">
      <td>
        <b className={styles.file}>{row.filename}</b>
        <small>
          {t(`exports.formats.${row.format}`)}
          {row.pictures && `, ${t(`exports.${row.pictures === "preview" ? "preview" : "original"}`)}`}
        </small>
      </td>
      <td className={styles.wide}>
        <Link to={`/projects/${project}/snapshots/${row.snapshot}`}>
          {snapshot?.name ?? t("exports.snapshotNumber", { id: row.snapshot })}
        </Link>
      </td>
      <td data-number data-testid="export-size">
        {fileSize(row.bytes)}
      </td>
      <td className={styles.wide}>
        <CopyText text={row.sha256} shown={`${row.sha256.slice(0, 12)}…`} label={t("exports.copyHash")} />
      </td>
      <td className={styles.wide}>{row.created_by?.name ?? "–"}</td>
      <td data-number className={styles.wide}>
        {dateTime(row.created_at)}
      </td>
      <td data-number>
        <span className={styles.actions}>
          <a
            href={row.url}
            download={row.filename}
            className={`${buttons.button} ${buttons.plain} ${buttons.m}`}
          >
            <Download size={16} strokeWidth={1.5} aria-hidden />
            {t("exports.download")}
          </a>
          {onDelete && (
            <IconButton label={t("exports.delete", { name: row.filename })} onClick={onDelete}>
              <Trash2 size={16} strokeWidth={1.5} />
            </IconButton>
          )}
        </span>
      </td>
    </tr>
  );
}

function DeleteDialog({ project, row, onClose }: { project: number; row: ExportRow; onClose: () => void }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const remove = useMutation({
    mutationFn: () => calls.remove(project, row.id),
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: keys.exports(project) });
      onClose();
    },
  });
  return (
    <Confirm
      title={t("exports.deleteTitle", { name: row.filename })}
      text={
        <>
          <p>{t("exports.deleteText")}</p>
          {remove.error && <Failure error={remove.error} />}
        </>
      }
      action={t("exports.deleteAction")}
      busy={remove.isPending}
      onConfirm={() => remove.mutate()}
      onClose={onClose}
    />
  );
}

function None({ onNew }: { onNew: () => void }) {
  const { t } = useTranslation();
  return (
    <section className={styles.none} data-testid="exports-empty">
      <PackageOpen size={24} strokeWidth={1.5} aria-hidden />
      <h2>{t("exports.noneTitle")}</h2>
      <p>{t("exports.noneText")}</p>
      <Button look="primary" size="l" onClick={onNew}>
        {t("exports.new")}
      </Button>
    </section>
  );
}

/** The snapshots to choose from: those in sight, and the one that the address names wherever it is. */
function useChoices(project: number, named: number): Snapshot[] | undefined {
  const { data } = useSnapshots(project);
  const all = data?.pages.flatMap((page) => page.results);
  const missing = named > 0 && all !== undefined && !all.some((one) => one.id === named);
  const { data: other } = useSnapshot(project, named, missing);
  const shown = all?.filter((one) => !one.archived || one.id === named);
  return other && missing ? [other, ...(shown ?? [])] : shown;
}

/** The files that were made of snapshots, to be downloaded, and the way to a new one. */
export function ExportsPage() {
  const { t } = useTranslation();
  const project = useProjectContext();
  const [search, setSearch] = useSearchParams();
  const named = Number(search.get("snapshot")) || 0;
  const [asking, setAsking] = useState(false);
  const [doomed, setDoomed] = useState<ExportRow | null>(null);
  const sees = mayAs(project.role, "reviewer");
  const { data, error, refetch, hasNextPage, fetchNextPage } = useExports(project.id, sees);
  const choices = useChoices(project.id, named);
  const rows = data?.pages.flatMap((page) => page.results) ?? [];
  const leads = project.role === "lead";
  const close = () => {
    setAsking(false);
    setSearch({}, { replace: true });
  };
  return (
    <>
      <TopBar title={t("exports.title")} note={project.name}>
        {sees && (
          <Button look="primary" icon={<Plus size={16} strokeWidth={1.5} />} onClick={() => setAsking(true)}>
            {t("exports.new")}
          </Button>
        )}
      </TopBar>
      <main className={styles.page}>
        {!sees && <p className={styles.hint}>{t("exports.askReviewer")}</p>}
        <KindJobs project={project} kind="export" />
        {error && <Failure error={error} retry={() => void refetch()} />}
        {sees && !data && !error && <Placeholder height={160} />}
        {data && rows.length === 0 && <None onNew={() => setAsking(true)} />}
        {rows.length > 0 && (
          <section className={styles.list}>
            <Table label={t("exports.title")}>
              <thead>
                <tr>
                  <th>{t("exports.file")}</th>
                  <th className={styles.wide}>{t("exports.snapshot")}</th>
                  <th data-number>{t("exports.size")}</th>
                  <th className={styles.wide}>SHA-256</th>
                  <th className={styles.wide}>{t("snapshots.by")}</th>
                  <th data-number className={styles.wide}>
                    {t("common.created")}
                  </th>
                  <th aria-hidden />
                </tr>
              </thead>
              <tbody>
                {rows.map((row) => (
                  <Row
                    key={row.id}
                    row={row}
                    project={project.id}
                    snapshot={choices?.find((one) => one.id === row.snapshot)}
                    onDelete={leads ? () => setDoomed(row) : undefined}
                  />
                ))}
              </tbody>
            </Table>
            {hasNextPage && <Button onClick={() => void fetchNextPage()}>{t("common.more")}</Button>}
            <p className={styles.hint}>{t("exports.resume")}</p>
          </section>
        )}
      </main>
      {sees && choices && (asking || named > 0) && (
        <NewExportDialog project={project.id} snapshots={choices} chosen={named || null} onClose={close} />
      )}
      {doomed && <DeleteDialog project={project.id} row={doomed} onClose={() => setDoomed(null)} />}
    </>
  );
}
