import { useState } from "react";
import { useTranslation } from "react-i18next";
import { type SnapshotDetail, type SplitName, splits, useSnapshotRows } from "../../api/datasets";
import { useClasses } from "../../api/queries";
import { Button } from "../../components/Button";
import { ClassTile } from "../../components/ClassTile";
import { Card, Failure, Placeholder } from "../../components/Page";
import { Segmented } from "../../components/Segmented";
import { trustName } from "../../components/trust";
import styles from "./snapshots.module.css";

/** The pictures of a snapshot, of one split or one class if asked. */
export function RowsCard({ project, snapshot }: { project: number; snapshot: SnapshotDetail }) {
  const { t } = useTranslation();
  const [split, setSplit] = useState<SplitName | "all">("all");
  const [label, setLabel] = useState<number | undefined>();
  const chosen = { split: split === "all" ? undefined : split, label };
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = useSnapshotRows(
    project,
    snapshot.id,
    chosen,
  );
  const { data: classes } = useClasses(project);
  const rows = data?.pages.flatMap((page) => page.results) ?? [];
  return (
    <Card
      title={t("snapshots.rows")}
      aside={
        <span className={styles.filters}>
          <Segmented
            label={t("snapshots.splits")}
            choices={[
              ["all", t("snapshots.all")],
              ...splits.map((name): [SplitName, string] => [name, t(`snapshots.split.${name}`)]),
            ]}
            value={split}
            onChange={setSplit}
          />
          <select
            aria-label={t("snapshots.class")}
            value={label ?? ""}
            onChange={(event) => setLabel(Number(event.target.value) || undefined)}
          >
            <option value="">{t("gallery.allClasses")}</option>
            {snapshot.classes.map((one) => (
              <option key={one.id} value={one.id}>
                {one.name}
              </option>
            ))}
          </select>
        </span>
      }
    >
      {error && <Failure error={error} retry={() => void refetch()} />}
      {!data && !error && <Placeholder height={200} />}
      {data && rows.length === 0 && <p className={styles.quiet}>{t("snapshots.noRows")}</p>}
      <ul className={styles.thumbs}>
        {rows.map((row) => {
          const tile = classes?.find((one) => one.id === row.label_id);
          const words = [row.source, t(`trust.${trustName(row.trust)}`), row.blind && t("gallery.blind")];
          return (
            <li key={row.position} title={words.filter(Boolean).join(", ")} data-testid="snapshot-picture">
              <img src={row.thumb} alt={`${row.label}, ${row.source}`} loading="lazy" />
              <span>
                {tile && <ClassTile of={tile} size="s" />}
                <span className={styles.rowLabel}>{row.label}</span>
                <i data-split={row.split} title={t(`snapshots.split.${row.split}`)} />
              </span>
            </li>
          );
        })}
      </ul>
      {hasNextPage && (
        <Button disabled={isFetchingNextPage} onClick={() => void fetchNextPage()}>
          {t("common.more")}
        </Button>
      )}
    </Card>
  );
}
