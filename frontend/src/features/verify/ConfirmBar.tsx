import { ArrowRight, Undo2 } from "lucide-react";
import { useTranslation } from "react-i18next";
import type { LabelClass } from "../../api/types";
import { Button } from "../../components/Button";
import { ClassTile } from "../../components/ClassTile";
import { KeyHint } from "../../components/KeyCaps";
import { count } from "../../messages/i18n";
import styles from "./bar.module.css";
import type { DeskView, VerifyDesk } from "./desk";
import { labelOf, mistakesLeft } from "./pages";

interface Props {
  desk: VerifyDesk;
  view: DeskView;
  classOf: (id: number | null) => LabelClass | undefined;
}

function Exceptions({ desk, view, classOf }: Props) {
  const { t } = useTranslation();
  const { page } = desk;
  const found = (page?.pictures ?? []).flatMap((picture, index) => {
    const mark = view.marks.get(picture.image.id);
    return mark ? [{ picture, mark, index }] : [];
  });
  if (!found.length) return null;
  return (
    <ul className={styles.exceptions} aria-label={t("verify.exceptionsList")}>
      {found.map(({ picture, mark, index }) => {
        const of = classOf(mark.label);
        const name = of?.name ?? t(`verify.verdict.${mark.verdict === "label" ? "later" : mark.verdict}`);
        return (
          <li key={picture.image.id}>
            <button
              type="button"
              aria-label={`${t("verify.picture", { number: count(index + 1) })}: ${name}`}
              onMouseDown={(event) => event.preventDefault()}
              onClick={() => {
                desk.step({ do: "focus", index });
                desk.step({ do: "ask", images: [picture.image.id] });
              }}
            >
              <img src={picture.image.urls.thumb} alt="" />
              <ArrowRight size={14} strokeWidth={1.5} aria-hidden />
              {of && <ClassTile of={of} />}
              <span>{name}</span>
            </button>
          </li>
        );
      })}
    </ul>
  );
}

function Sum({ desk, view, classOf }: Props) {
  const { t } = useTranslation();
  const { page } = desk;
  if (!page || page.pictures.length === 0) return <div className={styles.sum} />;
  const label = classOf(labelOf(view, page));
  const exceptions = page.pictures.filter(({ image }) => view.marks.has(image.id)).length;
  const rest = page.pictures.length - exceptions;
  const left = mistakesLeft(view, page);
  const words = [
    label
      ? t("verify.sumClass", { number: count(rest), name: label.name })
      : t("verify.sumPictures", { count: rest, number: count(rest) }),
  ];
  if (exceptions) words.push(t("verify.sumExceptions", { count: exceptions, number: count(exceptions) }));
  const more = exceptions ? "verify.moreMistakes" : "verify.mistakes";
  return (
    <div className={styles.sum} aria-live="polite">
      <b>{words.join(t("verify.comma"))}</b>
      <small>
        {view.awaiting === page.id
          ? t("verify.comingBack")
          : !label
            ? t("verify.classFirst")
            : page.mode === "cluster"
              ? t("verify.oneLabel")
              : left
                ? t(more, { count: left, number: count(left) })
                : t("verify.noMoreMistakes")}
      </small>
    </div>
  );
}

/** What Enter will say, the exceptions one by one, and the way back. */
export function ConfirmBar(props: Props) {
  const { t } = useTranslation();
  const { desk, view } = props;
  const last = view.done.at(-1);
  return (
    <section className={styles.bar} aria-label={t("verify.confirm")}>
      <Sum {...props} />
      <Exceptions {...props} />
      <span className={styles.gap} />
      {last && (
        <button
          type="button"
          className={styles.back}
          disabled={view.awaiting !== null}
          data-testid="verify-undo"
          onMouseDown={(event) => event.preventDefault()}
          onClick={() => desk.undo()}
        >
          <Undo2 size={16} strokeWidth={1.5} aria-hidden />
          <span>{t("verify.takeBack", { number: last.number })}</span>
          <KeyHint command="verify.undo" />
        </button>
      )}
      <Button
        look="primary"
        size="l"
        className={styles.confirm}
        data-testid="verify-confirm"
        disabled={!desk.confirmable}
        onMouseDown={(event) => event.preventDefault()}
        onClick={() => desk.confirm()}
      >
        {t("verify.confirm")}
        <KeyHint command="verify.confirm" />
      </Button>
    </section>
  );
}
