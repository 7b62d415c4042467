import { Ban, Check } from "lucide-react";
import { useTranslation } from "react-i18next";
import { ClassTile } from "../../components/ClassTile";
import { percent } from "../../messages/i18n";
import { Chosen, useSet } from "./LabelSet";
import styles from "./mobile.module.css";
import type { PanelProps } from "./Panel";

type AnswerProps = Pick<PanelProps, "desk" | "task" | "classOf">;

function useBest(task: AnswerProps["task"], classOf: AnswerProps["classOf"]) {
  const { suggestion } = task;
  const best = suggestion && classOf(suggestion.top[0]?.class ?? suggestion.class);
  return { best, share: suggestion?.top[0]?.confidence ?? suggestion?.confidence ?? 0 };
}

/** What is suggested, or the set that would be sent. */
export function Said({ desk, task, classOf }: AnswerProps) {
  const { t } = useTranslation();
  const { best, share } = useBest(task, classOf);
  if (desk.several)
    return (
      <>
        {!task.suggestion && (
          <p className={styles.note}>{t(task.blind ? "label.blindSet" : "label.noSuggestedSet")}</p>
        )}
        <Chosen desk={desk} classOf={classOf} />
      </>
    );
  if (!best) return <p className={styles.note}>{task.blind ? t("label.blind") : t("label.noSuggestion")}</p>;
  return (
    <>
      <div className={styles.best}>
        <ClassTile of={best} size="l" />
        <h2 data-testid="suggestion-class">{best.name}</h2>
        <span>{percent(share)}</span>
      </div>
      <div className={styles.meter}>
        <i style={{ width: `${share * 100}%` }} />
      </div>
    </>
  );
}

/** The large button: accept the suggestion, or send the set. */
export function Accept({ desk, task, classOf }: AnswerProps) {
  const { t } = useTranslation();
  const { best } = useBest(task, classOf);
  const set = useSet(desk);
  if (desk.several) {
    const none = set.length === 0;
    return (
      <button
        type="button"
        className={none ? styles.sendNone : styles.accept}
        data-testid={none ? "send-none" : "send-set"}
        onClick={() => desk.send(none)}
      >
        {none ? (
          <Ban size={18} strokeWidth={1.5} aria-hidden />
        ) : (
          <Check size={18} strokeWidth={1.5} aria-hidden />
        )}
        <span>{none ? t("label.sendNone") : t("label.send", { count: set.length })}</span>
      </button>
    );
  }
  if (!best) return null;
  return (
    <button type="button" className={styles.accept} onClick={() => desk.pick(0)}>
      <Check size={18} strokeWidth={1.5} aria-hidden />
      <span>{t("label.acceptName", { name: best.name })}</span>
    </button>
  );
}
