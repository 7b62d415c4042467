import type { ButtonHTMLAttributes, ReactNode } from "react";
import { Link } from "react-router";
import styles from "./Button.module.css";

type Look = "primary" | "plain" | "quiet" | "danger";

interface Shared {
  look?: Look;
  size?: "s" | "m" | "l";
  keyHint?: string;
  icon?: ReactNode;
  children: ReactNode;
}

function inside({ icon, children, keyHint }: Pick<Shared, "icon" | "children" | "keyHint">) {
  return (
    <>
      {icon}
      {children}
      {keyHint && <kbd aria-hidden>{keyHint}</kbd>}
    </>
  );
}

function classOf(look: Look, size: "s" | "m" | "l", extra?: string): string {
  return [styles.button, styles[look], styles[size], extra].filter(Boolean).join(" ");
}

export function Button({
  look = "plain",
  size = "m",
  keyHint,
  icon,
  children,
  className,
  type = "button",
  ...rest
}: Shared & ButtonHTMLAttributes<HTMLButtonElement>) {
  return (
    <button type={type} className={classOf(look, size, className)} {...rest}>
      {inside({ icon, children, keyHint })}
    </button>
  );
}

export function LinkButton({
  to,
  look = "plain",
  size = "m",
  keyHint,
  icon,
  children,
}: Shared & { to: string }) {
  return (
    <Link to={to} className={classOf(look, size)}>
      {inside({ icon, children, keyHint })}
    </Link>
  );
}

/** A square button that shows an icon alone; its label is spoken and shown as a tip. */
export function IconButton({
  label,
  children,
  className,
  ...rest
}: { label: string; children: ReactNode } & ButtonHTMLAttributes<HTMLButtonElement>) {
  return (
    <button
      type="button"
      aria-label={label}
      title={label}
      className={[styles.icon, className].filter(Boolean).join(" ")}
      {...rest}
    >
      {children}
    </button>
  );
}
