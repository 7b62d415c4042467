import { Check, CircleAlert, Info, TriangleAlert } from "lucide-react";
import { useTranslation } from "react-i18next";
import type { Gate, Reason } from "../../api/modeling";
import { Badge, type Tone } from "../../components/Badge";
import { count } from "../../messages/i18n";
import { knownCode, told, tone } from "./gate";
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

export function Reasons({ reasons }: { reasons: Reason[] }) {
  const text = useReasonText();
  return (
    <ul className={styles.reasons} data-testid="gate-reasons">
      {reasons.map((reason) => {
        const look = tone(reason.code);
        const Icon = icons[look];
        return (
          <li key={`${reason.code} ${reason.values.name ?? ""}`} data-tone={look}>
            <Icon size={16} strokeWidth={1.5} aria-hidden />
            <span>{text(reason)}</span>
          </li>
        );
      })}
    </ul>
  );
}
