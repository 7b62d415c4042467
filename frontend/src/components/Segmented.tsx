import styles from "./Segmented.module.css";

/** A few choices side by side, one of them pressed. */
export function Segmented<T extends string>({
  label,
  choices,
  value,
  onChange,
}: {
  label: string;
  choices: [value: T, text: string][];
  value: T;
  onChange: (value: T) => void;
}) {
  return (
    <fieldset className={styles.group} aria-label={label}>
      {choices.map(([id, text]) => (
        <button key={id} type="button" aria-pressed={id === value} onClick={() => onChange(id)}>
          {text}
        </button>
      ))}
    </fieldset>
  );
}
