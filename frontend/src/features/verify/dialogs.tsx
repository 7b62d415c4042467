/** What lies behind the page: pictures that were missed or changed by others, and the misses a person. */
import { useTranslation } from "react-i18next";
import type { LabelClass } from "../../api/types";
import { type Labelled, useMisses } from "../../api/verify";
import { ClassTile } from "../../components/ClassTile";
import { Dialog } from "../../components/Dialog";
import { IntervalBar } from "../../components/IntervalBar";
import { Failure, Placeholder } from "../../components/Page";
import { Table } from "../../components/Table";
import { count } from "../../messages/i18n";
import styles from "./verify.module.css";

type ClassOf = (id: number | null) => LabelClass | undefined;

export function PicturesDialog({
  title,
  text,
  pictures,
  classOf,
  onClose,
}: {
  title: string;
  text: string;
  pictures: Labelled[];
  classOf: ClassOf;
  onClose: () => void;
}) {
  const { t } = useTranslation();
  return (
    <Dialog title={title} look="wide" onClose={onClose}>
      <p className={styles.why}>{text}</p>
      <ul className={styles.shown}>
        {pictures.map(({ image, label }) => {
          const of = classOf(label);
          return (
            <li key={image.id}>
              <img src={image.urls.preview} alt={image.name} />
              <span>
                {of && <ClassTile of={of} />}
                {of?.name ?? t("label.noClass")}
              </span>
            </li>
          );
        })}
      </ul>
    </Dialog>
  );
}

export function MissesDialog({
  project,
  classOf,
  onClose,
}: {
  project: number;
  classOf: ClassOf;
  onClose: () => void;
}) {
  const { t } = useTranslation();
  const { data, error, refetch } = useMisses(project);
  const rows = data?.results ?? [];
  return (
    <Dialog title={t("verify.misses")} look="wide" onClose={onClose}>
      <p className={styles.why}>{t("verify.missesWhy")}</p>
      {error && <Failure error={error} retry={() => void refetch()} />}
      {!data && !error && <Placeholder height={160} />}
      {data && rows.length === 0 && <p data-testid="verify-no-misses">{t("verify.noMisses")}</p>}
      {rows.length > 0 && (
        <Table label={t("verify.misses")} tall stacked>
          <thead>
            <tr>
              <th scope="col">{t("verify.person")}</th>
              <th scope="col">{t("verify.class")}</th>
              <th scope="col">{t("verify.pages")}</th>
              <th scope="col">{t("verify.plantedColumn")}</th>
              <th scope="col">{t("verify.missedColumn")}</th>
              <th scope="col">{t("verify.rate")}</th>
              <th scope="col">{t("verify.size")}</th>
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => {
              const of = classOf(row.class);
              return (
                <tr key={`${row.user.id} ${row.class}`} data-testid="verify-miss-row">
                  <td>{row.user.name || row.user.username}</td>
                  <td>
                    <span className={styles.inRow}>
                      {of && <ClassTile of={of} size="s" />}
                      {of?.name ?? t("verify.allClasses")}
                    </span>
                  </td>
                  <td>{count(row.pages)}</td>
                  <td>{count(row.planted)}</td>
                  <td>{count(row.missed)}</td>
                  <td>
                    {row.planted ? <IntervalBar value={row.rate} low={row.low} high={row.high} /> : "–"}
                  </td>
                  <td>{count(row.size)}</td>
                </tr>
              );
            })}
          </tbody>
        </Table>
      )}
    </Dialog>
  );
}
