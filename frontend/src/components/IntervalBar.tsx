import { percent } from "../messages/i18n";
import styles from "./IntervalBar.module.css";

/** A share with its interval: the dot is what was measured, the line what it may be. `from` is where the scale begins. */
export function IntervalBar({
  value,
  low,
  high,
  from = 0,
}: {
  value: number;
  low: number | null;
  high: number | null;
  from?: number;
}) {
  const place = (share: number) => `${((Math.max(share, from) - from) / (1 - from)) * 100}%`;
  const [least, most] = [low ?? value, high ?? value];
  return (
    <span className={styles.row}>
      <b>{percent(value, 1)}</b>
      <span className={styles.track} aria-hidden>
        <i
          className={styles.range}
          style={{
            left: place(least),
            width: `calc(${place(most)} - ${place(least)})`,
          }}
        />
        <i className={styles.dot} style={{ left: place(value) }} />
      </span>
      <span className={styles.words}>
        {percent(least, 1)} – {percent(most, 1)}
      </span>
    </span>
  );
}
