import { Copy } from "lucide-react";
import { useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import { Button } from "../../components/Button";
import { Card } from "../../components/Page";
import { showToast } from "../../components/toasts";
import styles from "./training.module.css";

/** The last lines of the log; follows the end unless somebody has scrolled up. */
export function RunLog({ lines }: { lines: string[] }) {
  const { t } = useTranslation();
  const box = useRef<HTMLPreElement>(null);
  const follows = useRef(true);
  const text = lines.join("\n");
  // biome-ignore lint/correctness/useExhaustiveDependencies: new lines are what it follows
  useEffect(() => {
    if (follows.current && box.current) box.current.scrollTop = box.current.scrollHeight;
  }, [text]);
  const copy = async () => {
    await navigator.clipboard?.writeText(text);
    showToast(t("training.copied"));
  };
  return (
    <Card
      title={t("training.log")}
      aside={
        window.isSecureContext && lines.length > 0 ? (
          <Button
            size="s"
            look="quiet"
            icon={<Copy size={14} strokeWidth={1.5} aria-hidden />}
            onClick={() => void copy()}
          >
            {t("training.copy")}
          </Button>
        ) : undefined
      }
    >
      {lines.length === 0 ? (
        <p className={styles.quiet}>{t("training.noLog")}</p>
      ) : (
        <pre
          ref={box}
          className={styles.log}
          role="log"
          // biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable by keyboard
          tabIndex={0}
          aria-label={t("training.log")}
          data-testid="run-log"
          onScroll={({ currentTarget: at }) => {
            follows.current = at.scrollHeight - at.scrollTop - at.clientHeight < 24;
          }}
        >
          {text}
        </pre>
      )}
    </Card>
  );
}
