import { X } from "lucide-react";
import type { ReactNode } from "react";
import { Dialog as AriaDialog, Heading, Modal, ModalOverlay } from "react-aria-components";
import { useTranslation } from "react-i18next";
import { Button, IconButton } from "./Button";
import styles from "./Dialog.module.css";

interface Props {
  title: string;
  onClose: () => void;
  children: ReactNode;
  look?: "dialog" | "drawer" | "palette" | "wide";
  bare?: boolean;
  dismissable?: boolean;
}

/** A modal dialog: keeps the focus inside, closes on Escape and gives the focus back. */
export function Dialog({
  title,
  onClose,
  children,
  look = "dialog",
  bare = false,
  dismissable = true,
}: Props) {
  const { t } = useTranslation();
  return (
    <ModalOverlay
      isOpen
      isDismissable={dismissable}
      isKeyboardDismissDisabled={!dismissable}
      onOpenChange={(open) => !open && onClose()}
      className={styles.overlay}
      data-look={look}
    >
      <Modal className={styles.modal} data-look={look}>
        <AriaDialog className={styles.dialog} aria-label={bare ? title : undefined}>
          {!bare && (
            <header className={styles.head}>
              <Heading slot="title" className={styles.title}>
                {title}
              </Heading>
              {dismissable && (
                <IconButton label={t("common.close")} onClick={onClose}>
                  <X size={16} strokeWidth={1.5} />
                </IconButton>
              )}
            </header>
          )}
          {children}
        </AriaDialog>
      </Modal>
    </ModalOverlay>
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
