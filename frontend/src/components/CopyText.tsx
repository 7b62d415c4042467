import { Check, Copy } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { IconButton } from "./Button";
import styles from "./CopyText.module.css";

/** A long code to be taken along. Where the browser keeps the clipboard to itself (no https) the text is selected. */
export function CopyText({ text, label, shown = text }: { text: string; label: string; shown?: string }) {
  const { t } = useTranslation();
  const [copied, setCopied] = useState(false);
  const code = useRef<HTMLElement>(null);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), 3_000);
    return () => clearTimeout(timer);
  }, [copied]);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      setCopied(true);
    } catch {
      if (code.current) {
        code.current.textContent = text;
        getSelection()?.selectAllChildren(code.current);
      }
    }
  };
  return (
    <span className={styles.copy}>
      <code ref={code} title={text}>
        {shown}
      </code>
      <IconButton label={copied ? t("common.copied") : label} onClick={() => void copy()}>
        {copied ? <Check size={14} strokeWidth={1.5} /> : <Copy size={14} strokeWidth={1.5} />}
      </IconButton>
    </span>
  );
}
