import {
  type InputHTMLAttributes,
  type ReactNode,
  type SelectHTMLAttributes,
  type TextareaHTMLAttributes,
  useId,
} from "react";
import styles from "./Field.module.css";

interface Frame {
  label: string;
  hint?: ReactNode;
  errors?: string[];
}

function Wrapper({ id, label, hint, errors, children }: Frame & { id: string; children: ReactNode }) {
  return (
    <div className={styles.field}>
      <label htmlFor={id} className={styles.label}>
        {label}
      </label>
      {children}
      {errors?.length ? (
        <p id={`${id}-note`} className={styles.error}>
          {errors.join(" ")}
        </p>
      ) : (
        hint && (
          <p id={`${id}-note`} className={styles.hint}>
            {hint}
          </p>
        )
      )}
    </div>
  );
}

function described(id: string, { hint, errors }: Frame) {
  return {
    id,
    "aria-invalid": errors?.length ? true : undefined,
    "aria-describedby": hint || errors?.length ? `${id}-note` : undefined,
  } as const;
}

export function TextField({ label, hint, errors, ...rest }: Frame & InputHTMLAttributes<HTMLInputElement>) {
  const id = useId();
  const frame = { label, hint, errors };
  return (
    <Wrapper id={id} {...frame}>
      <input className={styles.input} {...described(id, frame)} {...rest} />
    </Wrapper>
  );
}

export function TextArea({
  label,
  hint,
  errors,
  ...rest
}: Frame & TextareaHTMLAttributes<HTMLTextAreaElement>) {
  const id = useId();
  const frame = { label, hint, errors };
  return (
    <Wrapper id={id} {...frame}>
      <textarea className={styles.input} rows={4} {...described(id, frame)} {...rest} />
    </Wrapper>
  );
}

export function SelectField({
  label,
  hint,
  errors,
  children,
  ...rest
}: Frame & SelectHTMLAttributes<HTMLSelectElement>) {
  const id = useId();
  const frame = { label, hint, errors };
  return (
    <Wrapper id={id} {...frame}>
      <select className={styles.input} {...described(id, frame)} {...rest}>
        {children}
      </select>
    </Wrapper>
  );
}

export interface Choice<T extends string> {
  value: T;
  title: string;
  text: string;
}

/** One of a few, each explained in a sentence. */
export function ChoiceField<T extends string>({
  label,
  choices,
  value,
  onChange,
}: {
  label: string;
  choices: Choice<T>[];
  value: T | null;
  onChange: (value: T) => void;
}) {
  const name = useId();
  return (
    <fieldset className={styles.field}>
      <legend className={styles.label}>{label}</legend>
      <div className={styles.choices}>
        {choices.map((choice) => (
          <label
            key={choice.value}
            className={styles.choice}
            data-chosen={choice.value === value || undefined}
          >
            <input
              type="radio"
              name={name}
              value={choice.value}
              checked={choice.value === value}
              onChange={() => onChange(choice.value)}
            />
            <span>
              <b>{choice.title}</b>
              <span className={styles.hint}>{choice.text}</span>
            </span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}

/** Yes or no, with its name beside it. */
export function CheckField({
  label,
  checked,
  onChange,
}: {
  label: string;
  checked: boolean;
  onChange: (checked: boolean) => void;
}) {
  return (
    <label className={styles.check}>
      <input type="checkbox" checked={checked} onChange={(event) => onChange(event.target.checked)} />
      {label}
    </label>
  );
}
