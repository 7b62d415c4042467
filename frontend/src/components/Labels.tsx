import { useTranslation } from "react-i18next";
import type { LabelClass } from "../api/types";
import { ClassTile } from "./ClassTile";
import styles from "./Labels.module.css";

export type Tiles = ReadonlyMap<number, LabelClass>;

/** Classes by tile and name, one after the other; a dash for none. */
export function Labels({
  ids,
  tiles,
  size,
}: {
  ids: readonly number[];
  tiles: Tiles;
  size?: "s" | "m" | "l";
}) {
  const { t } = useTranslation();
  if (!ids.length) return <span className={styles.none}>{t("label.noClass")}</span>;
  return (
    <span className={styles.labels}>
      {ids.map((id) => {
        const tile = tiles.get(id);
        return (
          <span key={id} className={styles.label} data-size={size}>
            {tile && <ClassTile of={tile} size={size} />}
            <span>{tile?.name ?? "–"}</span>
          </span>
        );
      })}
    </span>
  );
}

/** Their names alone, for people who listen. */
export function labelNames(ids: readonly number[], tiles: Tiles): string {
  return ids.map((id) => tiles.get(id)?.name ?? "–").join(", ");
}
