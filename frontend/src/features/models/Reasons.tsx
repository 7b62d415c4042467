import { Check, CircleAlert, Info, TriangleAlert } from "lucide-react";
import { useTranslation } from "react-i18next";
import type { Gate, Reason } from "../../api/modeling";
import { Badge, type Tone } from "../../components/Badge";
import { count } from "../../messages/i18n";
import { type FoldCode, folded, knownCode, told, tone } from "./gate";
import styles from "./models.module.css";

export function useReasonText(): (reason: Reason) => string {
  const { t } = useTranslation();
  return (reason) => {
    const code = knownCode(reason.code);
    if (!code) return reason.message;
    const values = told(reason);
    const about = Number(values.missing ?? values.count ?? 0);
    return t(`models.reason.${code}`, {
      ...values,
      count: about,
      answers: count(Number(values.count ?? 0)),
      missing: count(Number(values.missing ?? 0)),
    });
  };
}

const verdicts: Record<Gate["decision"], [Tone, typeof Check]> = {
  promoted: ["good", Check],
  rejected: ["bad", CircleAlert],
  too_small: ["warn", TriangleAlert],
};

export function GateBadge({ decision }: { decision: Gate["decision"] }) {
  const { t } = useTranslation();
  const [look, icon] = verdicts[decision];
  return (
    <Badge tone={look} icon={icon}>
      {t(`models.decision.${decision}`)}
    </Badge>
  );
}

const icons = { good: Check, bad: CircleAlert, warn: TriangleAlert, plain: Info };

/** The same said of many classes: how many, and behind a fold of which. */
function Many({ code, reasons }: { code: FoldCode; reasons: Reason[] }) {
  const { t } = useTranslation();
  const text = useReasonText();
  return (
    <details>
      <summary>{t(`models.many.${code}`, { count: reasons.length, number: count(reasons.length) })}</summary>
      <ul>
        {reasons.map((reason) => (
          <li key={String(reason.values.name)} className={styles.fold}>
            {text(reason)}
          </li>
        ))}
      </ul>
    </details>
  );
}

export function Reasons({ reasons }: { reasons: Reason[] }) {
  const text = useReasonText();
  return (
    <ul className={styles.reasons} data-testid="gate-reasons">
      {folded(reasons).map((line) => {
        const look = tone(line.code);
        const Icon = icons[look];
        const many = "reasons" in line;
        return (
          <li key={many ? line.code : `${line.code} ${line.values.name ?? ""}`} data-tone={look}>
            <Icon size={16} strokeWidth={1.5} aria-hidden />
            {many ? <Many {...line} /> : <span>{text(line)}</span>}
          </li>
        );
      })}
    </ul>
  );
}
