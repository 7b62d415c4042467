import { CircleAlert } from "lucide-react";
import { type ReactNode, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { ApiError } from "../api/client";
import { Button } from "./Button";
import styles from "./Page.module.css";

export function Card({
  title,
  aside,
  children,
  className,
}: {
  title?: ReactNode;
  aside?: ReactNode;
  children: ReactNode;
  className?: string;
}) {
  return (
    <section className={[styles.card, className].filter(Boolean).join(" ")}>
      {(title || aside) && (
        <header className={styles.cardHead}>
          {title && <h2>{title}</h2>}
          {aside && <div className={styles.aside}>{aside}</div>}
        </header>
      )}
      {children}
    </section>
  );
}

/** The heading of a page without a top bar of its own. */
export function PageHead({
  title,
  note,
  children,
}: {
  title: string;
  note?: ReactNode;
  children?: ReactNode;
}) {
  return (
    <header className={styles.pageHead}>
      <h1>{title}</h1>
      {note && <span className={styles.aside}>{note}</span>}
      <div className={styles.pageActions}>{children}</div>
    </header>
  );
}

/** Says what a failed request said, in place, and offers to try again. */
export function Failure({ error, retry }: { error: unknown; retry?: () => void }) {
  const { t } = useTranslation();
  const text =
    error instanceof ApiError
      ? error.status === 0
        ? t("errors.unreachable")
        : error.message
      : t("errors.unexpected");
  return (
    <div className={styles.failure} role="alert">
      <CircleAlert size={16} strokeWidth={1.5} aria-hidden />
      <span>{text}</span>
      {retry && (
        <Button size="s" onClick={retry}>
          {t("common.retry")}
        </Button>
      )}
    </div>
  );
}

/** Neutral block of the final size, shown only when loading takes longer than a blink. */
export function Placeholder({ height }: { height: number | string }) {
  const [late, setLate] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLate(true), 150);
    return () => clearTimeout(timer);
  }, []);
  return <div className={late ? styles.placeholder : undefined} style={{ height }} aria-hidden />;
}

/** Field errors and the message of a failed form, split for display. */
export function formErrors(error: unknown): { fields: Record<string, string[]>; general: unknown } {
  if (error instanceof ApiError && Object.keys(error.fields).length)
    return { fields: error.fields, general: null };
  return { fields: {}, general: error ?? null };
}

export function FormError({ error }: { error: unknown }) {
  const { general } = formErrors(error);
  return general ? <Failure error={general} /> : null;
}
