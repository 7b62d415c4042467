import { useTranslation } from "react-i18next";
import type { Overview } from "../../api/types";
import { Card } from "../../components/Page";
import { Progress } from "../../components/Progress";
import { count } from "../../messages/i18n";
import styles from "./home.module.css";

/** How many pictures are where. */
export function ProgressCard({ overview }: { overview: Overview }) {
  const { t } = useTranslation();
  const { counts, today, round } = overview;
  const rows: [string, string][] = [
    [t("home.pool"), count(counts.pool)],
    [
      t("home.reserve"),
      t("jobs.doneOf", { done: count(counts.reserve_answered), total: count(counts.reserve) }),
    ],
    [t("home.skipped"), count(counts.skipped)],
    [t("home.today"), t("home.todayOf", { mine: count(today.mine), all: count(today.all) })],
  ];
  if (counts.holdout) rows.splice(2, 0, [t("home.holdout"), count(counts.holdout)]);
  if (round)
    rows.push([
      t("home.round", { number: round.number }),
      t("jobs.doneOf", { done: count(round.done), total: count(round.size) }),
    ]);
  return (
    <Card title={t("home.progress")}>
      <p className={styles.big}>
        <b data-testid="home-labelled">{count(counts.labelled)}</b>
        <span>{t("home.ofImages", { number: count(counts.images) })}</span>
      </p>
      <Progress value={counts.images ? counts.labelled / counts.images : 0} label={t("home.progress")} />
      <dl className={styles.facts}>
        {rows.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </Card>
  );
}
