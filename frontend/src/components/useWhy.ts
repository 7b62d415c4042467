/** Why a run was asked for, in a few words. */
import { useTranslation } from "react-i18next";
import type { Cause, Person } from "../api/modeling";
import { count } from "../messages/i18n";

interface Asked {
  cause: Cause;
  created_by: Person | null;
}

/** `values` is what was counted: the schedule's name, and how many labels. */
export function useWhy(): (asked: Asked, values: Record<string, unknown>) => string {
  const { t } = useTranslation();
  return ({ cause, created_by }, values) => {
    const name = String(values.name ?? "");
    if (cause === "labels") {
      const labels = Number(values.labels ?? 0);
      const told = t("training.why.labels", { count: labels, number: count(labels) });
      return name ? `${name}: ${told}` : told;
    }
    if (cause === "cron") return name ? t("training.why.cronNamed", { name }) : t("training.why.cron");
    return created_by ? t("training.why.personNamed", { name: created_by.name }) : t("training.why.person");
  };
}
