import { Check, TriangleAlert, X } from "lucide-react";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import styles from "./Toaster.module.css";
import { dismissToast, type Toast, useToasts } from "./toasts";

const shownFor = 8_000;

function ToastView({ toast }: { toast: Toast }) {
  const { t } = useTranslation();
  const [held, setHeld] = useState(false);
  useEffect(() => {
    if (held || toast.sticky) return;
    const timer = setTimeout(() => dismissToast(toast.id), shownFor);
    return () => clearTimeout(timer);
  }, [held, toast]);
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: hovering only keeps the message from going away
    <div
      className={styles.toast}
      data-testid="toast"
      data-tone={toast.tone}
      onMouseEnter={() => setHeld(true)}
      onMouseLeave={() => setHeld(false)}
      onFocus={() => setHeld(true)}
      onBlur={() => setHeld(false)}
    >
      {toast.tone === "good" && <Check size={16} strokeWidth={1.5} aria-hidden />}
      {toast.tone === "bad" && <TriangleAlert size={16} strokeWidth={1.5} aria-hidden />}
      <span>{toast.text}</span>
      {toast.actions.map((action) => (
        <button
          key={action.label}
          type="button"
          className={styles.action}
          onMouseDown={(event) => event.preventDefault()}
          onClick={() => {
            dismissToast(toast.id);
            action.run();
          }}
        >
          {action.label}
          {action.keyHint && <kbd>{action.keyHint}</kbd>}
        </button>
      ))}
      <button
        type="button"
        className={styles.close}
        aria-label={t("common.dismiss")}
        onMouseDown={(event) => event.preventDefault()}
        onClick={() => dismissToast(toast.id)}
      >
        <X size={14} strokeWidth={1.5} aria-hidden />
      </button>
    </div>
  );
}

export function Toaster() {
  const toasts = useToasts();
  return (
    <div className={styles.stack} role="status" aria-live="polite">
      {toasts.map((toast) => (
        <ToastView key={toast.id} toast={toast} />
      ))}
    </div>
  );
}
