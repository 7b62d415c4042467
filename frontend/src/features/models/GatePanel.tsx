import { useTranslation } from "react-i18next";
import type { ModelDetail } from "../../api/modeling";
import { DifferenceChart } from "../../components/DifferenceChart";
import { JobBar } from "../../components/JobBar";
import { Card } from "../../components/Page";
import { useProjectContext } from "../../components/useProjectContext";
import { count, percent } from "../../messages/i18n";
import { championAccuracy, points } from "./gate";
import styles from "./models.module.css";
import { PromoteButton, usePromotion } from "./PromoteButton";
import { GateBadge, Reasons } from "./Reasons";

function Accuracies({ model }: { model: ModelDetail }) {
  const before = championAccuracy(model.accuracy, model.gate);
  if (model.accuracy === null) return null;
  return (
    <div className={styles.accuracies}>
      {before !== null && model.champion && (
        <>
          <span>
            <small>{model.champion}</small>
            {percent(before, 1)}
          </span>
          <span aria-hidden className={styles.quiet}>
            →
          </span>
        </>
      )}
      <span>
        <small>{model.name}</small>
        <b>{percent(model.accuracy, 1)}</b>
      </span>
    </div>
  );
}

function Difference({ model }: { model: ModelDetail }) {
  const { t } = useTranslation();
  const gate = model.gate;
  if (!gate?.overall?.count) return null;
  const { difference, lower, upper } = gate.overall;
  const limit = -100 * gate.rules.margin;
  const title = t("models.difference", {
    name: model.name,
    champion: model.champion,
    confidence: percent(2 * gate.rules.confidence - 1),
  });
  const values = {
    difference: points(100 * difference),
    lower: points(100 * lower),
    upper: points(100 * upper),
  };
  return (
    <div className={styles.difference}>
      <small>{title}</small>
      <DifferenceChart
        label={`${title}: ${t("models.differenceValues", values)}`}
        difference={100 * difference}
        lower={100 * lower}
        upper={100 * upper}
        limit={limit}
        limitName={t("models.mustClear", { limit: points(limit) })}
      />
    </div>
  );
}

/** Whether a model may serve, why, and what a person can do about it. It comes first on a model's page. */
export function GatePanel({ model }: { model: ModelDetail }) {
  const { t } = useTranslation();
  const project = useProjectContext();
  const promotion = usePromotion(project.id);
  const gate = model.gate;
  return (
    <Card className={styles.gate}>
      <div>
        {gate ? <GateBadge decision={gate.decision} /> : <b>{t("models.noGate")}</b>}
        <Accuracies model={model} />
        <div className={styles.actions}>
          <PromoteButton model={model} />
        </div>
        {promotion && <JobBar job={promotion} />}
      </div>
      <Difference model={model} />
      <div className={styles.why}>
        {gate ? <Reasons reasons={gate.reasons} /> : <p>{t("models.noGateText")}</p>}
        {gate && gate.missing > 0 && (
          <p className={styles.quiet}>
            {t("models.missing", { count: gate.missing, number: count(gate.missing) })}
          </p>
        )}
      </div>
    </Card>
  );
}
