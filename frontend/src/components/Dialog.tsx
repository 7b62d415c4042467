import { lazy, type ReactNode, Suspense } from "react";
import { useTranslation } from "react-i18next";
import { Button } from "./Button";
import styles from "./Dialog.module.css";
import type { DialogProps } from "./DialogFrame";

const load = () => import("./DialogFrame");
const Frame = lazy(load);
// A page starts without it, and has it before anybody asks or the network goes.
window.addEventListener("load", () => void load(), { once: true });

/** A modal dialog: keeps the focus inside, closes on Escape and gives the focus back. */
export function Dialog(props: DialogProps) {
  return (
    <Suspense fallback={null}>
      <Frame {...props} />
    </Suspense>
  );
}

export function DialogActions({ children }: { children: ReactNode }) {
  return <div className={styles.actions}>{children}</div>;
}

/** Asks before something that is hard to take back. */
export function Confirm({
  title,
  text,
  action,
  busy,
  look = "danger",
  onConfirm,
  onClose,
}: {
  title: string;
  text: ReactNode;
  action: string;
  busy?: boolean;
  look?: "danger" | "primary";
  onConfirm: () => void;
  onClose: () => void;
}) {
  const { t } = useTranslation();
  return (
    <Dialog title={title} onClose={onClose}>
      <div className={styles.text}>{text}</div>
      <DialogActions>
        <Button onClick={onClose}>{t("common.cancel")}</Button>
        <Button look={look} disabled={busy} onClick={onConfirm}>
          {action}
        </Button>
      </DialogActions>
    </Dialog>
  );
}
