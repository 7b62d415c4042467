import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { Overview } from "../../api/types";
import { LineChart, type Point } from "../../components/LineChart";
import { Card } from "../../components/Page";
import { count, percent } from "../../messages/i18n";
import styles from "./home.module.css";

/** Accuracy on the blind test set, head by head, over the labels given. */
export function AccuracyCard({ project, overview }: { project: number; overview: Overview }) {
  const { t } = useTranslation();
  const points: Point[] = overview.heads
    .filter((head) => head.accuracy !== null)
    .map((head) => ({
      x: head.labels,
      y: head.accuracy ?? 0,
      low: head.low,
      high: head.high,
      name: head.name,
    }));
  const { head } = overview;
  const known = head && head.accuracy !== null;
  // Where a picture may have several labels, it counts as right when its whole set is.
  const sets = overview.heads.some((one) => one.micro_f1 !== null);
  const title = t(sets ? "home.setAccuracy" : "home.accuracy");
  return (
    <Card title={title} aside={<Link to={`/projects/${project}/selection`}>{t("selection.title")}</Link>}>
      {known ? (
        <>
          <p className={styles.big} data-testid="home-accuracy">
            <b>{percent(head.accuracy ?? 0, 1)}</b>
            <span>
              {head.low !== null &&
                head.high !== null &&
                `${(head.low * 100).toFixed(1)} – ${(head.high * 100).toFixed(1)}, `}
              {t("home.testPictures", { count: head.test_size, number: count(head.test_size) })}
              {head.micro_f1 !== null && `, ${t("home.microF1", { share: percent(head.micro_f1, 1) })}`}
            </span>
          </p>
          <LineChart
            points={points}
            height={240}
            label={title}
            formatX={(value) => count(Math.round(value))}
            formatY={(value) => String(Math.round(value * 1000) / 10)}
          />
          <p className={styles.foot}>
            {t("home.headInUse", { name: head.name, labels: count(head.labels) })}
          </p>
        </>
      ) : (
        <p className={styles.quiet}>{head ? t("home.noTestYet") : t("home.noHeadYet")}</p>
      )}
    </Card>
  );
}
