/** The words of the next best step: what it is, and why. */
import { useTranslation } from "react-i18next";
import type { BalanceRow, Overview } from "../../api/types";
import { count, percent } from "../../messages/i18n";
import type { Step } from "./nextStep";

interface Words {
  title: string;
  text: string;
}

const plain = {
  importing: "importing",
  embedding: "embedding",
  "add-classes": "addClasses",
  start: "start",
  freeze: "freeze",
  "all-labelled": "allLabelled",
  watch: "watch",
} as const;

function row({ name, labelled, target, suggested }: BalanceRow) {
  return { name, labelled: count(labelled), target: count(target), suggested: count(suggested) };
}

export function useStepWords(step: Step, overview: Overview): Words {
  const { t } = useTranslation();
  switch (step.kind) {
    case "continue": {
      const left = overview.next_refresh_in;
      const text = t("home.continueText", { count: left, number: count(left) });
      const { scarce } = step;
      return { title: scarce ? t("home.scarceTitle", row(scarce)) : t("home.continueTitle"), text };
    }
    case "failed": {
      const { title, message, hint } = step.job;
      return {
        title: t("jobs.failedTitle", { title }),
        text: [message, hint].filter(Boolean).join(" ") || t("home.failedText"),
      };
    }
    case "decide": {
      const { name, accuracy } = step.model;
      const sure = percent(accuracy ?? 0, 1);
      return {
        title: t("home.decideTitle", { name }),
        text: accuracy === null ? t("home.decideText") : t("home.decideMeasured", { accuracy: sure }),
      };
    }
    case "blind-answers": {
      const { name, missing } = step.model;
      return {
        title: t("home.blindTitle", { name, count: missing, number: count(missing) }),
        text: t("home.blindText"),
      };
    }
    case "train":
      return {
        title: t("home.trainTitle"),
        text: t("home.trainText", { number: count(overview.counts.labelled) }),
      };
    case "export":
      return {
        title: t("home.exportTitle", { name: step.snapshot.name }),
        text: t("home.exportText"),
      };
    case "import-more":
      return { title: t("home.importMoreTitle", row(step.row)), text: t("home.importMoreText") };
    default: {
      const name = plain[step.kind];
      return { title: t(`home.${name}Title`), text: t(`home.${name}Text`) };
    }
  }
}
