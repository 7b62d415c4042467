import { Check, Circle, CircleAlert, Loader } from "lucide-react";
import { useTranslation } from "react-i18next";
import type { Run } from "../../api/modeling";
import { phases, stepStates } from "./curves";
import styles from "./training.module.css";

const icons = { done: Check, now: Loader, failed: CircleAlert, ahead: Circle };

/** The way of a run from freezing to done, and where it is. */
export function PhaseSteps({ run }: { run: Run }) {
  const { t } = useTranslation();
  const states = stepStates(run);
  return (
    <ol className={styles.steps} aria-label={t("training.phases")}>
      {phases.map((phase, index) => {
        const state = states[index] ?? "ahead";
        const Icon = icons[state];
        return (
          <li key={phase} data-state={state} aria-current={state === "now" ? "step" : undefined}>
            <Icon size={16} strokeWidth={1.5} aria-hidden />
            <span>
              {t(`training.phase.${phase}`)}
              <span className="visually-hidden"> {t(`training.step.${state}`)}</span>
            </span>
          </li>
        );
      })}
    </ol>
  );
}
