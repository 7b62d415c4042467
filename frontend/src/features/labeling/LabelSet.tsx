import { Check } from "lucide-react";
import { memo } from "react";
import { useTranslation } from "react-i18next";
import type { LabelClass } from "../../api/types";
import { ClassTile } from "../../components/ClassTile";
import { percent } from "../../messages/i18n";
import { DeskButton } from "./DeskButton";
import type { DeskController } from "./desk";
import styles from "./labelset.module.css";
import type { PanelProps } from "./Panel";
import panel from "./panel.module.css";
import { useWatch } from "./useDesk";

/** The classes that the picture on the screen will get. */
export function useSet(desk: DeskController): readonly number[] {
  return useWatch(desk, () => desk.set);
}

interface RowProps {
  desk: DeskController;
  of: LabelClass;
  rank: number;
  confidence: number;
  chosen: boolean;
}

/** A suggested class with its own confidence, in the set or not. */
const Row = memo(function Row({ desk, of, rank, confidence, chosen }: RowProps) {
  return (
    <li>
      <DeskButton
        className={styles.row}
        aria-pressed={chosen}
        data-testid="suggested-class"
        data-class-id={of.id}
        onClick={() => desk.label(of.id)}
      >
        <span className={styles.box} aria-hidden>
          {chosen && <Check size={12} strokeWidth={2.5} />}
        </span>
        <ClassTile of={of} />
        <span className={panel.rankedName}>{of.name}</span>
        <span>{percent(confidence)}</span>
        <kbd aria-hidden>{rank}</kbd>
        <div className={panel.meter} data-first={chosen || undefined}>
          <i style={{ width: `${confidence * 100}%` }} />
        </div>
      </DeskButton>
    </li>
  );
});

/** The set itself; a click takes a class out. */
export function Chosen({ desk, classOf }: Pick<PanelProps, "desk" | "classOf">) {
  const { t } = useTranslation();
  const set = useSet(desk);
  return (
    <ul className={styles.set} data-testid="label-set" aria-label={t("label.inPicture")}>
      {set.length === 0 && <li className={styles.empty}>{t("label.nothingChosen")}</li>}
      {set.map((id) => {
        const of = classOf(id);
        return (
          of && (
            <li key={id}>
              <DeskButton
                className={styles.member}
                aria-label={t("label.takeOut", { name: of.name })}
                data-class-id={id}
                onClick={() => desk.label(id)}
              >
                <ClassTile of={of} />
                <span>{of.name}</span>
                <span aria-hidden>×</span>
              </DeskButton>
            </li>
          )
        );
      })}
    </ul>
  );
}

/** What is suggested of a picture that may have several labels: each class for itself, and the set to send. */
export function LabelSet({ desk, task, classOf }: Pick<PanelProps, "desk" | "task" | "classOf">) {
  const { t } = useTranslation();
  const set = useSet(desk);
  const { suggestion } = task;
  return (
    <>
      <div className={panel.top}>
        <span>{t("label.inPicture")}</span>
        <span>{suggestion?.head}</span>
      </div>
      <Chosen desk={desk} classOf={classOf} />
      <DeskButton
        className={panel.accept}
        data-testid="send-set"
        disabled={set.length === 0}
        onClick={() => desk.send()}
      >
        <span>{t("label.send", { count: set.length })}</span>
        <kbd aria-hidden>Enter</kbd>
      </DeskButton>
      <DeskButton className={styles.none} data-testid="send-none" onClick={() => desk.send(true)}>
        <span>{t("label.sendNone")}</span>
        <kbd aria-hidden>⇧</kbd>
        <kbd aria-hidden>Enter</kbd>
      </DeskButton>
      {suggestion ? (
        <ol className={styles.rows}>
          {suggestion.top.map((guess, index) => {
            const of = classOf(guess.class);
            return (
              of && (
                <Row
                  key={guess.class}
                  desk={desk}
                  of={of}
                  rank={index + 1}
                  confidence={guess.confidence}
                  chosen={set.includes(guess.class)}
                />
              )
            );
          })}
        </ol>
      ) : (
        <p className={panel.none} data-testid={task.blind ? "blind-note" : "no-suggestion"}>
          {t(task.blind ? "label.blindSet" : "label.noSuggestedSet")}
        </p>
      )}
    </>
  );
}
