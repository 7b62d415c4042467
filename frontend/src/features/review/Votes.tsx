import { Bot, Check, Users } from "lucide-react";
import { useTranslation } from "react-i18next";
import { keepFocus } from "../../components/keepFocus";
import { Labels, labelNames } from "../../components/Labels";
import { dateTime, percent } from "../../messages/i18n";
import styles from "./case.module.css";
import type { Ballot } from "./cases";
import type { ReviewRoom } from "./useReviewRoom";

function Voters({ ballot, isLabel }: { ballot: Ballot; isLabel: boolean }) {
  const { t } = useTranslation();
  if (!ballot.voters.length) return <small>{t(isLabel ? "review.labelNow" : "review.modelSays")}</small>;
  return (
    <ul>
      {ballot.voters.map((voter) => (
        <li key={voter.id}>
          <span>{voter.name}</span>
          <time dateTime={voter.at}>{dateTime(voter.at)}</time>
        </li>
      ))}
    </ul>
  );
}

/** What people said, side by side; a digit or a click makes it the label. */
export function Votes({ room }: { room: ReviewRoom }) {
  const { t } = useTranslation();
  const { one, choices, tiles, decides, draft } = room;
  if (!one || !choices.length) return null;
  const isLabel = one.labels.length > 0;
  return (
    <section data-testid="review-votes">
      <small>
        <Users size={14} strokeWidth={1.5} aria-hidden /> {t("review.votes")}
      </small>
      <div className={styles.ballots}>
        {choices.map((ballot, index) => {
          const inside = (
            <>
              <span className={styles.ballotHead}>
                <Labels ids={ballot.labels} tiles={tiles} />
                {decides && <kbd aria-hidden>{index + 1}</kbd>}
              </span>
              <Voters ballot={ballot} isLabel={isLabel} />
            </>
          );
          if (!decides)
            return (
              <div key={ballot.labels.join()} className={styles.ballot}>
                {inside}
              </div>
            );
          return (
            <button
              key={ballot.labels.join()}
              type="button"
              className={styles.ballot}
              data-first={index === 0 && !draft.length ? true : undefined}
              onMouseDown={keepFocus}
              onClick={() => room.decide(ballot.labels)}
            >
              <span className="visually-hidden">{t("review.acceptRank", { rank: index + 1 })}</span>
              {inside}
            </button>
          );
        })}
      </div>
    </section>
  );
}

export function ModelSays({ room }: { room: ReviewRoom }) {
  const { t } = useTranslation();
  const { model, tiles } = room;
  if (!model) return null;
  return (
    <section className={styles.model}>
      <small>
        <Bot size={14} strokeWidth={1.5} aria-hidden /> {t("review.modelSays")}
      </small>
      <Labels ids={[model.class]} tiles={tiles} />
      <span>{percent(model.confidence)}</span>
    </section>
  );
}

/** The one primary action: what Enter does. */
export function Accept({ room }: { room: ReviewRoom }) {
  const { t } = useTranslation();
  const { decides, draft, choices, tiles } = room;
  const labels = draft.length ? draft : choices[0]?.labels;
  if (!decides || !labels) return null;
  return (
    <button
      type="button"
      className={styles.accept}
      onMouseDown={keepFocus}
      onClick={room.accept}
      data-testid="review-accept"
    >
      <Check size={16} strokeWidth={1.5} aria-hidden />
      <span>{t("review.acceptName", { name: labelNames(labels, tiles) || t("label.noClass") })}</span>
      <kbd aria-hidden>Enter</kbd>
    </button>
  );
}
