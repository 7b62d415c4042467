import { useTranslation } from "react-i18next";
import type { SnapshotReport } from "../../api/datasets";
import { Card } from "../../components/Page";
import { count } from "../../messages/i18n";
import styles from "./snapshots.module.css";

/** Labelled pictures that are not in the snapshot, and why. */
export function LeftOutCard({ report }: { report: SnapshotReport }) {
  const { t } = useTranslation();
  const { certified, small_classes, above_maximum = 0 } = report.left_out;
  const small = Object.entries(small_classes);
  const nothing = !certified && !above_maximum && small.length === 0;
  return (
    <Card title={t("snapshots.leftOut")}>
      {nothing && <p className={styles.quiet}>{t("snapshots.nothingLeftOut")}</p>}
      <ul className={styles.reasons}>
        {certified > 0 && (
          <li>
            <b>{count(certified)}</b> {t("snapshots.outCertified")}
          </li>
        )}
        {above_maximum > 0 && (
          <li>
            <b>{count(above_maximum)}</b> {t("snapshots.outAbove")}
          </li>
        )}
        {small.map(([name, number]) => (
          <li key={name}>
            <b>{count(number)}</b> {t("snapshots.outSmall", { name })}
          </li>
        ))}
      </ul>
    </Card>
  );
}
