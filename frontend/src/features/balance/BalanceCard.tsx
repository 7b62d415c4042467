import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { useBalance, useClasses } from "../../api/queries";
import type { Balance, BalanceRow, LabelClass } from "../../api/types";
import { ClassTile } from "../../components/ClassTile";
import { Card, Failure, Placeholder } from "../../components/Page";
import { ticks } from "../../components/scale";
import { useProjectContext } from "../../components/useProjectContext";
import { count, percent } from "../../messages/i18n";
import styles from "./balance.module.css";
import { LabelLikely } from "./LabelLikely";
import { coverage, type Order, orders, sorted } from "./sort";

interface RowProps {
  row: BalanceRow;
  tile: LabelClass | undefined;
  scale: number;
  marks: number[];
  /** Where the pictures of the class are. */
  gallery: string;
}

/** The least width, in pixels, of what a bar is opened with: narrow bars are hit beside themselves. */
const leastHit = 24;

function Bar({ row, scale, marks, gallery }: Omit<RowProps, "tile">) {
  const { t } = useTranslation();
  const place = (value: number) => `${(value / scale) * 100}%`;
  const begins = row.labelled > 0 ? `max(${place(row.labelled)}, ${leastHit}px)` : 0;
  return (
    <div className={styles.bar}>
      {marks.map((mark) => (
        <i key={mark} className={styles.mark} style={{ left: place(mark) }} />
      ))}
      <i className={styles.labelled} style={{ width: place(row.labelled) }} />
      {row.suggested > 0 && (
        <i className={styles.suggested} style={{ left: place(row.labelled), width: place(row.suggested) }} />
      )}
      {row.labelled > 0 && (
        <Link
          to={gallery}
          className={styles.hit}
          style={{ width: place(row.labelled), minWidth: leastHit }}
          aria-label={t("gallery.openLabelled", { name: row.name, number: count(row.labelled) })}
        />
      )}
      {row.suggested > 0 && (
        <Link
          to={`${gallery}&of=suggested`}
          className={styles.hit}
          style={{ left: begins, width: place(row.suggested), minWidth: leastHit }}
          aria-label={t("gallery.openSuggested", { name: row.name, number: count(row.suggested) })}
        />
      )}
      <i className={styles.target} style={{ left: place(row.target) }} />
    </div>
  );
}

function Row({
  row,
  tile,
  scale,
  marks,
  gallery,
  predicted,
  lead,
}: RowProps & { predicted: boolean; lead: boolean }) {
  const { t } = useTranslation();
  const covers = coverage(row);
  const short = covers.kind === "short";
  return (
    <tr
      data-testid="balance-row"
      data-class={row.name}
      data-labelled={row.labelled}
      data-suggested={row.suggested}
    >
      <th scope="row">
        <span className={styles.name}>
          {tile && <ClassTile of={tile} />}
          <Link to={gallery} title={row.name}>
            {row.name}
          </Link>
          {lead && row.suggested > 0 && <LabelLikely label={row.class} name={row.name} />}
        </span>
      </th>
      <td className={styles.barCell}>
        <Bar row={row} scale={scale} marks={marks} gallery={gallery} />
      </td>
      <td className={styles.strong}>{count(row.labelled)}</td>
      <td className={styles.share}>{row.labelled > 0 ? percent(row.share, 1) : "–"}</td>
      <td className={styles.gap}>{row.gap > 0 ? count(row.gap) : "–"}</td>
      <td data-kind={short && !predicted ? undefined : covers.kind}>
        {short && !predicted
          ? "–"
          : short
            ? t("balance.short", { number: count(covers.missing) })
            : t(`balance.${covers.kind}`)}
      </td>
    </tr>
  );
}

function Summary({ balance }: { balance: Balance }) {
  const { t } = useTranslation();
  const short = balance.classes.filter((row) => coverage(row).kind === "short").length;
  const facts = [
    balance.imbalance_ratio !== null && t("balance.imbalance", { ratio: balance.imbalance_ratio.toFixed(1) }),
    balance.effective_classes !== null &&
      t("balance.effective", {
        effective: balance.effective_classes.toFixed(1),
        all: balance.classes.length,
      }),
    balance.entropy !== null && t("balance.entropy", { entropy: balance.entropy.toFixed(2) }),
  ].filter(Boolean);
  return (
    <p className={styles.summary}>
      {short > 0 && balance.suggested > 0 && (
        <b>{t("balance.cannotReach", { count: short, target: count(balance.target) })} </b>
      )}
      {facts.join(", ")}
    </p>
  );
}

function Table({
  project,
  balance,
  tiles,
  order,
  lead,
}: {
  project: number;
  balance: Balance;
  tiles: LabelClass[];
  order: Order;
  lead: boolean;
}) {
  const { t } = useTranslation();
  const rows = sorted(balance.classes, order);
  const widest = Math.max(...rows.map((row) => row.labelled + row.suggested), balance.target, 1);
  const marks = ticks(0, widest, 4);
  const scale = Math.max(marks.at(-1) ?? 1, widest);
  const byId = useMemo(() => new Map(tiles.map((one) => [one.id, one])), [tiles]);
  return (
    <div className={styles.scroll}>
      <table className={styles.table}>
        <thead>
          <tr>
            <th>{t("balance.class")}</th>
            <th className={styles.barCell}>
              <span
                className={styles.targetName}
                style={{ left: `${Math.min((balance.target / scale) * 100, 96)}%` }}
              >
                {t("balance.target", { target: count(balance.target) })}
              </span>
            </th>
            <th>{t("balance.labels")}</th>
            <th className={styles.share}>{t("balance.share")}</th>
            <th className={styles.gap}>{t("balance.to", { target: count(balance.target) })}</th>
            <th>{t("balance.poolCovers")}</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <Row
              key={row.class}
              row={row}
              tile={byId.get(row.class)}
              scale={scale}
              marks={marks}
              gallery={`/projects/${project}/gallery?class=${row.class}`}
              predicted={balance.suggested > 0}
              lead={lead}
            />
          ))}
        </tbody>
        <tfoot aria-hidden>
          <tr>
            <td />
            <td className={styles.barCell}>
              <div className={styles.axis}>
                {marks.map((mark) => (
                  <span key={mark} style={{ left: `${(mark / scale) * 100}%` }}>
                    {count(mark)}
                  </span>
                ))}
              </div>
            </td>
            <td colSpan={4} />
          </tr>
        </tfoot>
      </table>
    </div>
  );
}

/** How many of each class people have labelled, and how many more the model sees in the pool. */
export function BalanceCard({ project }: { project: number }) {
  const { t } = useTranslation();
  const [order, setOrder] = useState<Order>("fewest");
  const { data: balance, error, refetch } = useBalance(project);
  const { data: tiles } = useClasses(project);
  const lead = useProjectContext().role === "lead";
  const path = `/api/projects/${project}/balance`;
  return (
    <Card
      title={t("balance.title")}
      aside={
        <span className={styles.tools}>
          <span className={styles.key} data-look="labelled">
            {t("balance.people")}
          </span>
          <span className={styles.key} data-look="suggested">
            {t("balance.predicted")}
          </span>
          <select
            aria-label={t("balance.order")}
            value={order}
            onChange={(event) => setOrder(event.target.value as Order)}
          >
            {orders.map((one) => (
              <option key={one} value={one}>
                {t(`balance.orders.${one}`)}
              </option>
            ))}
          </select>
          <a href={`${path}?format=csv`} download>
            CSV
          </a>
          <a href={path} target="_blank" rel="noreferrer">
            JSON
          </a>
        </span>
      }
    >
      {error && <Failure error={error} retry={() => void refetch()} />}
      {!balance && !error && <Placeholder height={280} />}
      {balance && balance.classes.length > 0 && (
        <>
          <Table project={project} balance={balance} tiles={tiles ?? []} order={order} lead={lead} />
          <Summary balance={balance} />
        </>
      )}
      {balance && balance.classes.length === 0 && <p className={styles.summary}>{t("balance.noClasses")}</p>}
    </Card>
  );
}
