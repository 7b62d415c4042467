import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Archive, ArchiveRestore, Download, GraduationCap } from "lucide-react";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { useParams } from "react-router";
import { ApiError } from "../../api/client";
import { snapshots as calls, type SnapshotDetail, splits, useSnapshot } from "../../api/datasets";
import { keys, useClasses } from "../../api/queries";
import { Badge } from "../../components/Badge";
import { Button, LinkButton } from "../../components/Button";
import { ClassTile } from "../../components/ClassTile";
import { CopyText } from "../../components/CopyText";
import { Lost } from "../../components/Crash";
import { Confirm } from "../../components/Dialog";
import { Facts } from "../../components/Facts";
import { Card, Failure, Placeholder } from "../../components/Page";
import { mayAs } from "../../components/roles";
import { Table } from "../../components/Table";
import { TopBar } from "../../components/TopBar";
import { useProjectContext } from "../../components/useProjectContext";
import { count, dateTime, percent } from "../../messages/i18n";
import { LeakCard } from "./LeakCard";
import { LeftOutCard } from "./LeftOutCard";
import { RowsCard } from "./RowsCard";
import { SplitBar, SplitLegend } from "./SplitBar";
import styles from "./snapshots.module.css";
import { largestFirst, sizeOf, totals } from "./sums";

function AboutCard({ snapshot }: { snapshot: SnapshotDetail }) {
  const { t } = useTranslation();
  const { settings } = snapshot;
  const asked = settings.splits;
  const facts: [string, ReactNode][] = [
    [t("snapshots.pictures"), count(snapshot.rows)],
    [t("snapshots.classes"), count(snapshot.classes.length)],
    [t("snapshots.minTrust"), t(`trust.${settings.min_trust}`)],
    [t("snapshots.certified"), settings.include_certified ? t("snapshots.yes") : t("snapshots.no")],
    [t("snapshots.least"), settings.min_per_class ? count(settings.min_per_class) : null],
    [t("snapshots.most"), settings.max_per_class ? count(settings.max_per_class) : null],
    [
      t("snapshots.splits"),
      typeof asked === "string"
        ? t("snapshots.imported")
        : splits.map((name) => percent(asked[name])).join(" / "),
    ],
    [t("snapshots.by"), snapshot.created_by?.name],
    [t("common.created"), dateTime(snapshot.created_at)],
    [
      t("snapshots.hash"),
      <CopyText
        key="hash"
        text={snapshot.hash}
        shown={`${snapshot.hash.slice(0, 16)}…`}
        label={t("snapshots.copyHash")}
      />,
    ],
  ];
  return (
    <Card>
      <Facts facts={facts} />
      <p className={styles.note}>{t("snapshots.hashText")}</p>
    </Card>
  );
}

function ClassesCard({ snapshot }: { snapshot: SnapshotDetail }) {
  const { t } = useTranslation();
  const project = useProjectContext();
  const { data: classes } = useClasses(project.id);
  const rows = largestFirst(snapshot.classes);
  const widest = rows[0] ? sizeOf(rows[0]) : 1;
  return (
    <Card
      title={t("snapshots.byClass")}
      aside={<SplitLegend sums={totals(snapshot.classes)} all={snapshot.rows} />}
    >
      <div className={styles.scroll}>
        <Table label={t("snapshots.byClass")}>
          <thead>
            <tr>
              <th>{t("snapshots.class")}</th>
              <th className={styles.barCell} aria-hidden />
              <th data-number>{t("snapshots.all")}</th>
              {splits.map((name) => (
                <th key={name} data-number className={styles.wide}>
                  {t(`snapshots.split.${name}`)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody className={styles.dense}>
            {rows.map((row) => {
              const tile = classes?.find((one) => one.id === row.id);
              return (
                <tr key={row.id} data-testid="snapshot-class" data-class={row.name}>
                  <td>
                    <span className={styles.named}>
                      {tile && <ClassTile of={tile} />}
                      <span title={row.name}>{row.name}</span>
                    </span>
                  </td>
                  <td className={styles.barCell}>
                    <SplitBar parts={splits.map((name) => [name, row[name]])} of={widest} />
                  </td>
                  <td data-number>
                    <b>{count(sizeOf(row))}</b>
                  </td>
                  {splits.map((name) => (
                    <td key={name} data-number className={styles.wide}>
                      {row[name] ? count(row[name]) : "–"}
                    </td>
                  ))}
                </tr>
              );
            })}
          </tbody>
        </Table>
      </div>
    </Card>
  );
}

function Actions({ snapshot }: { snapshot: SnapshotDetail }) {
  const { t } = useTranslation();
  const project = useProjectContext();
  const client = useQueryClient();
  const [asking, setAsking] = useState(false);
  const archive = useMutation({
    mutationFn: (archived: boolean) => calls.archive(project.id, snapshot.id, archived),
    onSuccess: (changed) => {
      client.setQueryData([...keys.snapshots(project.id), snapshot.id], changed);
      void client.invalidateQueries({ queryKey: keys.snapshots(project.id) });
      setAsking(false);
    },
  });
  const leads = project.role === "lead";
  const base = `/projects/${project.id}`;
  return (
    <>
      {archive.error && <Failure error={archive.error} />}
      {leads && (
        <Button
          look="quiet"
          disabled={archive.isPending}
          icon={
            snapshot.archived ? (
              <ArchiveRestore size={16} strokeWidth={1.5} />
            ) : (
              <Archive size={16} strokeWidth={1.5} />
            )
          }
          onClick={() => (snapshot.archived ? archive.mutate(false) : setAsking(true))}
        >
          {snapshot.archived ? t("snapshots.restore") : t("snapshots.archive")}
        </Button>
      )}
      {mayAs(project.role, "reviewer") && (
        <LinkButton
          to={`${base}/exports?snapshot=${snapshot.id}`}
          icon={<Download size={16} strokeWidth={1.5} />}
        >
          {t("snapshots.export")}
        </LinkButton>
      )}
      {leads && (
        <LinkButton
          to={`${base}/training?snapshot=${snapshot.id}`}
          look="primary"
          icon={<GraduationCap size={16} strokeWidth={1.5} />}
        >
          {t("snapshots.train")}
        </LinkButton>
      )}
      {asking && (
        <Confirm
          title={t("snapshots.archiveTitle", { name: snapshot.name })}
          text={t("snapshots.archiveText")}
          action={t("snapshots.archive")}
          busy={archive.isPending}
          onConfirm={() => archive.mutate(true)}
          onClose={() => setAsking(false)}
        />
      )}
    </>
  );
}

/** One snapshot: what is in it, what was left out, and what it lets through between train and test. */
export function SnapshotPage() {
  const { t } = useTranslation();
  const project = useProjectContext();
  const id = Number(useParams().snapshotId);
  const { data: snapshot, error, refetch } = useSnapshot(project.id, id);
  if (!Number.isSafeInteger(id) || (error instanceof ApiError && error.status === 404)) return <Lost />;
  if (!snapshot)
    return (
      <>
        <TopBar title={t("snapshots.title")} />
        <main className={styles.page}>
          {error ? <Failure error={error} retry={() => void refetch()} /> : <Placeholder height={320} />}
        </main>
      </>
    );
  const sees = mayAs(project.role, "reviewer");
  return (
    <>
      <TopBar
        title={snapshot.name}
        note={
          <span className={styles.titleNote}>
            {t("snapshots.numbered", { number: count(snapshot.number) })}
            {snapshot.archived && (
              <Badge tone="plain" icon={Archive}>
                {t("snapshots.archived")}
              </Badge>
            )}
          </span>
        }
      />
      <main className={styles.page}>
        <div className={styles.actions}>
          <Actions snapshot={snapshot} />
        </div>
        <AboutCard snapshot={snapshot} />
        <div className={styles.columns}>
          <ClassesCard snapshot={snapshot} />
          <div className={styles.column}>
            <LeakCard project={project.id} snapshot={snapshot} sees={sees} />
            <LeftOutCard report={snapshot.report} />
          </div>
        </div>
        {sees && <RowsCard project={project.id} snapshot={snapshot} />}
      </main>
    </>
  );
}
