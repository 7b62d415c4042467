import { Info } from "lucide-react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { BalanceReport, Said } from "../../api/balanceReport";
import { Card } from "../../components/Page";
import { count, currentLanguage, percent } from "../../messages/i18n";
import styles from "./report.module.css";

const planKeys = {
  cross_entropy: "crossEntropy",
  focal: "focal",
  class_balanced: "classBalanced",
  balanced_softmax: "balancedSoftmax",
  uniform: "uniform",
  square_root: "squareRoot",
  balanced: "balanced",
  left_out: "leftOut",
} as const;
const noteKeys = {
  no_head: "noHead",
  no_test: "noTest",
  small_test: "smallTest",
  selection: "selection",
  unscored: "unscored",
} as const;
const variations = [
  ["crop_scale", "crop"],
  ["flip_horizontal", "mirrored"],
  ["flip_vertical", "flipped"],
  ["rotation", "rotation"],
  ["brightness", "brightness"],
  ["contrast", "contrast"],
  ["saturation", "saturation"],
  ["hue", "hue"],
  ["randaugment_ops", "randAugment"],
] as const;
type ValueName =
  | "smallest"
  | "largest"
  | "fewest"
  | "most"
  | "share"
  | "gamma"
  | "beta"
  | "times"
  | "seen_small"
  | "seen_large"
  | "names"
  | "number"
  | "size"
  | "wanted"
  | "per_class";
const counted = new Set(["rotation", "randaugment_ops"]);

const isOf = <T extends object>(keys: T, code: string): code is keyof T & string => code in keys;

/** A value as it stands in a sentence: shares as per cent, counts with their separators, factors to a tenth. */
function shown(name: string, value: unknown): string {
  if (typeof value !== "number") return String(value ?? "–");
  if (name === "share") return percent(value, 1);
  if (name === "gamma" || name === "beta") return String(value);
  return Number.isInteger(value) ? count(value) : value.toFixed(1);
}

function usePhrases() {
  const { t } = useTranslation();
  const told = ({ values }: Said) =>
    Object.fromEntries(Object.entries(values).map(([name, value]) => [name, shown(name, value)])) as Record<
      ValueName,
      string
    >;
  const varied = ({ values }: Said) => {
    const parts = variations
      .filter(([name]) => name in values)
      .map(([name, key]) => {
        const value = Number(values[name]);
        return t(`balanceReport.vary.${key}`, { value: counted.has(name) ? count(value) : percent(value) });
      });
    if (!parts.length) return t("balanceReport.plan.noAugmentation");
    const list = new Intl.ListFormat(currentLanguage(), { type: "conjunction" }).format(parts);
    return t("balanceReport.plan.augmentation", { list });
  };
  return {
    plan: (point: Said, english: string) => {
      if (point.code === "augmentation") return varied(point);
      return isOf(planKeys, point.code)
        ? t(`balanceReport.plan.${planKeys[point.code]}`, told(point))
        : english;
    },
    note: (note: Said) =>
      isOf(noteKeys, note.code) ? t(`balanceReport.note.${noteKeys[note.code]}`, told(note)) : note.code,
  };
}

/** What the training does about classes of unequal size. */
export function ReportPlan({ report }: { report: BalanceReport }) {
  const { t } = useTranslation();
  const phrases = usePhrases();
  const { plan, run } = report;
  if (!plan) return null;
  return (
    <Card title={t(run ? "balanceReport.planOfRun" : "balanceReport.planNow")}>
      <ul className={styles.plan}>
        {plan.points.map((point, index) => (
          <li key={point.code}>{phrases.plan(point, plan.sentences[index] ?? "")}</li>
        ))}
      </ul>
    </Card>
  );
}

/** How the pool was counted, and what to think of the numbers. */
export function ReportMethod({ report, project }: { report: BalanceReport; project: number }) {
  const { t } = useTranslation();
  const phrases = usePhrases();
  const { head, test_size, notes, interval } = report.correction;
  const asks = notes.some(({ code }) => code !== "selection" && code !== "unscored");
  return (
    <Card title={t("balanceReport.method")}>
      {head && test_size > 0 && (
        <p className={styles.words}>
          {t("balanceReport.methodText", {
            head,
            count: test_size,
            number: count(test_size),
            interval: percent(interval),
          })}
        </p>
      )}
      {notes.map((note) => (
        <p key={note.code} className={styles.words} data-note={note.code}>
          <Info size={14} strokeWidth={1.5} aria-hidden />
          {phrases.note(note)}
        </p>
      ))}
      {asks && (
        <p className={styles.words}>
          <Link to={`/projects/${project}/label`}>{t("balanceReport.goLabel")}</Link>
        </p>
      )}
    </Card>
  );
}
