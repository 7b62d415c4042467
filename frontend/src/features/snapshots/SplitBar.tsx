import { useTranslation } from "react-i18next";
import type { SplitName } from "../../api/datasets";
import { count, percent } from "../../messages/i18n";
import styles from "./snapshots.module.css";

/** How pictures are shared among the splits, as one bar; `of` is what the whole width stands for. */
export function SplitBar({ parts, of }: { parts: [name: SplitName, number: number][]; of: number }) {
  const { t } = useTranslation();
  const words = parts.map(([name, number]) => `${t(`snapshots.split.${name}`)} ${count(number)}`).join(", ");
  return (
    <span className={styles.splitBar} role="img" aria-label={words} title={words}>
      {parts.map(([name, number]) => (
        <i key={name} data-split={name} style={{ width: of ? `${(number / of) * 100}%` : 0 }} />
      ))}
    </span>
  );
}

export function SplitLegend({ sums, all }: { sums: Record<SplitName, number>; all: number }) {
  const { t } = useTranslation();
  return (
    <span className={styles.legend}>
      {(["train", "validation", "test"] as const).map((name) => (
        <span key={name} data-split={name}>
          {t(`snapshots.split.${name}`)} <b>{count(sums[name])}</b> {all > 0 && percent(sums[name] / all, 1)}
        </span>
      ))}
    </span>
  );
}
