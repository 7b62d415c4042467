import styles from "./Progress.module.css";

/** A thin bar; `value` is a share from 0 to 1, or null while the end is not known. */
export function Progress({
  value,
  label,
  tone = "data",
}: {
  value: number | null;
  label: string;
  tone?: "data" | "plain";
}) {
  const share = value === null ? null : Math.min(Math.max(value, 0), 1);
  return (
    <div
      className={styles.track}
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={share === null ? undefined : Math.round(share * 100)}
      data-tone={tone}
    >
      <div
        className={share === null ? styles.unknown : styles.fill}
        style={share === null ? undefined : { width: `${share * 100}%` }}
      />
    </div>
  );
}

/** A small ring that fills up clockwise. */
export function Ring({ value, size = 14 }: { value: number; size?: number }) {
  const radius = size / 2 - 1.5;
  const around = 2 * Math.PI * radius;
  return (
    <svg width={size} height={size} viewBox={`0 0 ${size} ${size}`} aria-hidden className={styles.ring}>
      <circle cx={size / 2} cy={size / 2} r={radius} className={styles.ringTrack} />
      <circle
        cx={size / 2}
        cy={size / 2}
        r={radius}
        className={styles.ringFill}
        strokeDasharray={`${around * Math.min(Math.max(value, 0), 1)} ${around}`}
        transform={`rotate(-90 ${size / 2} ${size / 2})`}
      />
    </svg>
  );
}
