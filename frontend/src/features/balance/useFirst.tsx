import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { Button } from "../../components/Button";
import { count } from "../../messages/i18n";
import styles from "./report.module.css";

const many = 40;
const first = 25;

/** The first rows of a long table, and the button that brings the others. */
export function useFirst<T>(rows: T[]): [shown: T[], more: ReactNode] {
  const { t } = useTranslation();
  const [all, setAll] = useState(false);
  if (all || rows.length <= many) return [rows, null];
  return [
    rows.slice(0, first),
    <Button key="more" size="s" className={styles.more} onClick={() => setAll(true)}>
      {t("balanceReport.showAll", { count: rows.length, number: count(rows.length) })}
    </Button>,
  ];
}
