import { useTranslation } from "react-i18next";
import { ClassTile } from "../../components/ClassTile";
import { KeyHint } from "../../components/KeyCaps";
import { percent } from "../../messages/i18n";
import { DeskButton } from "./DeskButton";
import { LabelSet } from "./LabelSet";
import type { PanelProps } from "./Panel";
import styles from "./panel.module.css";

type SuggestionProps = Pick<PanelProps, "desk" | "task" | "classOf">;

export function Suggestion(props: SuggestionProps) {
  return props.desk.several ? <LabelSet {...props} /> : <OneLabel {...props} />;
}

function OneLabel({ desk, task, classOf }: SuggestionProps) {
  const { t } = useTranslation();
  const { suggestion } = task;
  if (!suggestion) {
    return (
      <p className={styles.none} data-testid={task.blind ? "blind-note" : "no-suggestion"}>
        {task.blind ? t("label.blind") : t("label.noSuggestion")}
      </p>
    );
  }
  const [first, ...others] = suggestion.top;
  const best = classOf(first?.class ?? suggestion.class);
  const share = first?.confidence ?? suggestion.confidence;
  return (
    <>
      <div className={styles.top}>
        <span>{t("label.suggestion")}</span>
        <span>{suggestion.head}</span>
      </div>
      <div className={styles.best}>
        {best && <ClassTile of={best} size="l" />}
        <h2 data-testid="suggestion-class" data-class-id={best?.id}>
          {best?.name}
        </h2>
        <span data-testid="suggestion-confidence">{percent(share)}</span>
      </div>
      <div className={styles.meter} data-first>
        <i style={{ width: `${share * 100}%` }} />
      </div>
      <DeskButton className={styles.accept} onClick={() => desk.pick(0)}>
        <span>{t("label.accept")}</span>
        <KeyHint command="label.rank.1" />
        <KeyHint command="label.accept" />
      </DeskButton>
      <ol className={styles.ranked}>
        {others.map((ranked, index) => {
          const of = classOf(ranked.class);
          return (
            of && (
              <li key={ranked.class}>
                <DeskButton onClick={() => desk.pick(index + 1)}>
                  <span>
                    <KeyHint command={`label.rank.${index + 2}`} />
                  </span>
                  <ClassTile of={of} />
                  <span className={styles.rankedName}>{of.name}</span>
                  <span>{percent(ranked.confidence)}</span>
                  <div className={styles.meter}>
                    <i style={{ width: `${ranked.confidence * 100}%` }} />
                  </div>
                </DeskButton>
              </li>
            )
          );
        })}
      </ol>
    </>
  );
}
