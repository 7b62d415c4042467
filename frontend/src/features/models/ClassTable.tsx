import { Check, CircleAlert, Info, TriangleAlert } from "lucide-react";
import { useTranslation } from "react-i18next";
import { ClassTile } from "../../components/ClassTile";
import type { ClassRow, Column } from "../../components/matrix";
import { type Order, SortHead, Table } from "../../components/Table";
import { count } from "../../messages/i18n";
import { points } from "./gate";
import styles from "./models.module.css";
import scores from "./scores.module.css";

const hundredth = (share: number | null) => (share === null ? "–" : Math.round(100 * share));
const verdictIcons = { passed: Check, failed: CircleAlert, unclear: TriangleAlert, unjudged: Info };

function Against({ row }: { row: ClassRow }) {
  const { t } = useTranslation();
  if (row.against === null) return <span className={styles.quiet}>–</span>;
  const Icon = row.verdict && verdictIcons[row.verdict];
  const wide = Math.min(Math.abs(row.against) * 100, 28);
  return (
    <span className={scores.against}>
      <span className={scores.againstTrack} aria-hidden>
        <i
          data-worse={row.against < 0 || undefined}
          style={{ width: wide, [row.against < 0 ? "right" : "left"]: "50%" }}
        />
      </span>
      {points(100 * row.against)}
      {Icon && row.verdict && (
        <span
          role="img"
          data-verdict={row.verdict}
          aria-label={t(`models.verdict.${row.verdict}`)}
          title={t(`models.verdict.${row.verdict}`)}
        >
          <Icon size={14} strokeWidth={1.5} aria-hidden />
        </span>
      )}
    </span>
  );
}

/** The numbers of one class, as cells that follow its name. */
export function ScoreCells({ row, compared }: { row: ClassRow; compared: boolean }) {
  return (
    <>
      <td className={scores.score}>{count(row.support)}</td>
      <td className={scores.score}>{hundredth(row.precision)}</td>
      <td className={scores.score}>{hundredth(row.recall)}</td>
      <td className={scores.score}>
        <b>{hundredth(row.f1)}</b>
      </td>
      {compared && (
        <td className={scores.score}>
          <Against row={row} />
        </td>
      )}
    </>
  );
}

interface Sorting {
  order: Order<Column>;
  onSort: (by: Column) => void;
  champion: string | null;
}

export function ScoreHeads({ order, onSort, champion }: Sorting) {
  const { t } = useTranslation();
  const heads: [Column, string][] = [
    ["support", t("models.support")],
    ["precision", t("models.precision")],
    ["recall", t("models.recall")],
    ["f1", t("models.f1")],
  ];
  if (champion !== null) heads.push(["against", t("models.against", { champion })]);
  return heads.map(([by, text]) => (
    <SortHead key={by} by={by} order={order} onSort={onSort} className={scores.score}>
      {text}
    </SortHead>
  ));
}

/** Precision, recall, F1 and support of every class, where the matrix leaves no room for them. */
export function ClassTable({ rows, ...sorting }: Sorting & { rows: ClassRow[] }) {
  const { t } = useTranslation();
  return (
    <Table label={t("models.perClass")} tall>
      <thead>
        <tr>
          <SortHead by="name" order={sorting.order} onSort={sorting.onSort}>
            {t("balance.class")}
          </SortHead>
          <ScoreHeads {...sorting} />
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={row.id} className={scores.classRow} data-testid="class-row">
            <td>
              <span className={styles.named}>
                <ClassTile of={row} />
                {row.name}
              </span>
            </td>
            <ScoreCells row={row} compared={sorting.champion !== null} />
          </tr>
        ))}
      </tbody>
    </Table>
  );
}
