import { Info, TriangleAlert } from "lucide-react";
import { useTranslation } from "react-i18next";
import type { RunDetail } from "../../api/modeling";
import { Facts } from "../../components/Facts";
import { Card } from "../../components/Page";
import { count } from "../../messages/i18n";
import styles from "./training.module.css";

function LeftOut({ run }: { run: RunDetail }) {
  const { t } = useTranslation();
  const left = run.summary.left_out;
  if (!left) return null;
  const classes = Object.entries(left.classes_without_training);
  const told = [
    left.unreadable > 0 &&
      t("training.unreadable", { count: left.unreadable, number: count(left.unreadable) }),
    classes.length > 0 &&
      t("training.untrained", {
        count: classes.length,
        classes: classes.map(([name, pictures]) => `${name} (${count(pictures)})`).join(", "),
      }),
    left.not_compared > 0 &&
      t("training.notCompared", { count: left.not_compared, number: count(left.not_compared) }),
  ].filter(Boolean);
  return told.map((text) => (
    <li key={String(text)} data-tone="warn">
      <TriangleAlert size={16} strokeWidth={1.5} aria-hidden />
      <span>{text}</span>
    </li>
  ));
}

/** What a run learnt from, what it had to leave out, and what it noted on its way. */
export function RunNotes({ run }: { run: RunDetail }) {
  const { t } = useTranslation();
  const { summary, curves } = run;
  if (!curves.notes.length && summary.train === undefined) return null;
  const pictures = (value: number | undefined) => (value === undefined ? null : count(value));
  return (
    <Card title={t("training.learnt")}>
      <Facts
        facts={[
          [t("training.parts.train"), pictures(summary.train)],
          [t("training.parts.validation"), pictures(summary.validation)],
          [t("training.parts.test"), pictures(summary.test)],
          [t("training.parts.blind"), pictures(summary.blind)],
          [
            t("training.epochs"),
            summary.epochs !== undefined &&
              (summary.stopped_early
                ? t("training.stoppedEarly", { number: count(summary.epochs) })
                : count(summary.epochs)),
          ],
          [t("training.field.precision"), summary.precision],
        ]}
      />
      <ul className={styles.notes}>
        <LeftOut run={run} />
        {curves.notes.map((note) => (
          <li key={`${note.step} ${note.text}`}>
            <Info size={16} strokeWidth={1.5} aria-hidden />
            <span>{t("training.note", { step: count(note.step), text: note.text })}</span>
          </li>
        ))}
      </ul>
    </Card>
  );
}
