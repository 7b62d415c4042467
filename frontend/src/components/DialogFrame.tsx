import { X } from "lucide-react";
import type { ReactNode } from "react";
import { Dialog as AriaDialog, Heading, Modal, ModalOverlay } from "react-aria-components";
import { useTranslation } from "react-i18next";
import { IconButton } from "./Button";
import styles from "./Dialog.module.css";

export interface DialogProps {
  title: string;
  onClose: () => void;
  children: ReactNode;
  look?: "dialog" | "drawer" | "palette" | "wide";
  bare?: boolean;
  dismissable?: boolean;
}

/** What a dialog is made of, in a file of its own that no page waits for: keeps the focus inside, closes on Escape and gives the focus back. */
export default function DialogFrame({
  title,
  onClose,
  children,
  look = "dialog",
  bare = false,
  dismissable = true,
}: DialogProps) {
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
