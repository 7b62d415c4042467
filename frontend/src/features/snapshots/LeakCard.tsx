import { CircleAlert, CircleCheck } from "lucide-react";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { type SnapshotDetail, type SnapshotReport, useSnapshotPicture } from "../../api/datasets";
import { Button } from "../../components/Button";
import { Card } from "../../components/Page";
import { count } from "../../messages/i18n";
import styles from "./snapshots.module.css";

type LookAlike = NonNullable<SnapshotReport["look_alikes"]>["examples"][number];

const shownAtFirst = 4;

function Said({ good, children }: { good: boolean; children: ReactNode }) {
  const Icon = good ? CircleCheck : CircleAlert;
  return (
    <p className={styles.said} data-good={good || undefined}>
      <Icon size={16} strokeWidth={1.5} aria-hidden />
      <span>{children}</span>
    </p>
  );
}

function Side({ project, snapshot, position }: { project: number; snapshot: number; position: number }) {
  const { t } = useTranslation();
  const { data: row } = useSnapshotPicture(project, snapshot, position);
  return (
    <figure>
      {row ? <img src={row.thumb} alt={row.source} loading="lazy" /> : <span className={styles.blank} />}
      <figcaption title={row?.source}>
        {row ? `${t(`snapshots.split.${row.split}`)}, ${row.label}` : count(position)}
      </figcaption>
    </figure>
  );
}

function Pair({ project, snapshot, pair }: { project: number; snapshot: number; pair: LookAlike }) {
  return (
    <li className={styles.pair} data-testid="look-alike">
      <Side project={project} snapshot={snapshot} position={pair.train} />
      <Side project={project} snapshot={snapshot} position={pair.test} />
      <span>{pair.similarity.toFixed(3)}</span>
    </li>
  );
}

function LookAlikes({
  project,
  snapshot,
  sees,
}: {
  project: number;
  snapshot: SnapshotDetail;
  sees: boolean;
}) {
  const { t } = useTranslation();
  const [all, setAll] = useState(false);
  const found = snapshot.report.look_alikes;
  if (!found) return <p className={styles.quiet}>{t("snapshots.notCompared")}</p>;
  const values = { threshold: found.threshold, number: count(found.pairs), test: count(found.test_compared) };
  const shown = all ? found.examples : found.examples.slice(0, shownAtFirst);
  return (
    <>
      <Said good={found.pairs === 0}>
        {found.pairs === 0
          ? t("snapshots.noLookAlikes", values)
          : t("snapshots.lookAlikes", { ...values, count: found.pairs })}
        {found.test_compared < found.test &&
          ` ${t("snapshots.comparedSome", { test: values.test, all: count(found.test) })}`}
      </Said>
      {sees && shown.length > 0 && (
        <ul className={styles.pairs}>
          {shown.map((pair) => (
            <Pair key={`${pair.train}-${pair.test}`} project={project} snapshot={snapshot.id} pair={pair} />
          ))}
        </ul>
      )}
      {sees && !all && found.examples.length > shownAtFirst && (
        <Button size="s" onClick={() => setAll(true)}>
          {t("common.more")}
        </Button>
      )}
    </>
  );
}

/** What train and test have in common, in words, with the pairs to look at. */
export function LeakCard({
  project,
  snapshot,
  sees,
}: {
  project: number;
  snapshot: SnapshotDetail;
  sees: boolean;
}) {
  const { t } = useTranslation();
  const { groups_across_splits, copies_across_splits, groups_moved } = snapshot.report;
  const across = groups_across_splits + copies_across_splits;
  return (
    <Card title={t("snapshots.leaks")}>
      <Said good={across === 0}>
        {across === 0
          ? t("snapshots.noneAcross")
          : t("snapshots.across", {
              groups: count(groups_across_splits),
              copies: count(copies_across_splits),
            })}
      </Said>
      {groups_moved > 0 && (
        <p className={styles.note}>
          {t("snapshots.moved", { count: groups_moved, number: count(groups_moved) })}
        </p>
      )}
      <LookAlikes project={project} snapshot={snapshot} sees={sees} />
    </Card>
  );
}
