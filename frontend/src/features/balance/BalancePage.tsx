import { useTranslation } from "react-i18next";
import { TopBar } from "../../components/TopBar";
import { useProjectContext } from "../../components/useProjectContext";
import { BalanceCard } from "./BalanceCard";
import styles from "./balance.module.css";

/** The class balance with the whole page to itself, for projects of many classes. */
export function BalancePage() {
  const { t } = useTranslation();
  const project = useProjectContext();
  return (
    <>
      <TopBar title={t("balance.title")} note={project.name} />
      <main className={styles.page}>
        <BalanceCard project={project.id} />
      </main>
    </>
  );
}
