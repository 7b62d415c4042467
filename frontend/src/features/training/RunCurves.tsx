import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import type { RunDetail } from "../../api/modeling";
import { Curves } from "../../components/Curves";
import { Card } from "../../components/Page";
import { percent } from "../../messages/i18n";
import { lossCurves, type Names, qualityCurves, rateCurves } from "./curves";
import styles from "./training.module.css";

const height = 180;
const short = (value: number) => Number(value.toPrecision(3)).toString();

/** Loss, quality on the validation part, and learning rate, as far as the run has come. */
export function RunCurves({ curves }: { curves: RunDetail["curves"] }) {
  const { t } = useTranslation();
  const made = useMemo(() => {
    const names: Names = {
      train: t("training.curve.train"),
      validation: t("training.curve.validation"),
      accuracy: t("training.curve.accuracy"),
      macroF1: t("training.curve.macroF1"),
      rate: t("training.curve.rate"),
    };
    return {
      loss: lossCurves(curves, names),
      quality: qualityCurves(curves, names),
      rate: rateCurves(curves, names),
    };
  }, [curves, t]);
  const step = t("training.curve.step");
  if (!curves.train.length && !curves.validation.length) return null;
  return (
    <div className={styles.charts}>
      <Card title={t("training.curve.loss")}>
        <Curves
          label={t("training.curve.loss")}
          curves={made.loss}
          height={height}
          format={short}
          xName={step}
        />
      </Card>
      <Card title={t("training.curve.quality")}>
        <Curves
          label={t("training.curve.quality")}
          curves={made.quality}
          height={height}
          format={(value) => percent(value, 1)}
          within={[0, 1]}
          xName={step}
        />
      </Card>
      <Card title={t("training.curve.rate")}>
        <Curves
          label={t("training.curve.rate")}
          curves={made.rate}
          height={height}
          format={short}
          xName={step}
        />
      </Card>
    </div>
  );
}
