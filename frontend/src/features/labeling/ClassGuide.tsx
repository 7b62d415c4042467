import { useQuery } from "@tanstack/react-query";
import { Check, Pin, X } from "lucide-react";
import { useTranslation } from "react-i18next";
import { guideQuery } from "../../api/guide";
import type { ImageBrief, LabelClass } from "../../api/types";
import { ClassTile } from "../../components/ClassTile";
import { Markdown } from "../../components/Markdown";
import { Failure } from "../../components/Page";
import styles from "./guide.module.css";

export type ClassOf = (id: number | null) => LabelClass | undefined;

interface Shown {
  image: ImageBrief;
  note: string;
  pinned: boolean;
  label?: number | null;
}

/** Places for so many pictures are kept while they are on their way. */
const places = [0, 1, 2, 3];

function Examples({
  title,
  good,
  list,
  classOf,
}: {
  title: string;
  good: boolean;
  list?: Shown[];
  classOf: ClassOf;
}) {
  const { t } = useTranslation();
  const Icon = good ? Check : X;
  return (
    <section className={styles.examples} data-good={good || undefined}>
      <h4>
        <Icon size={14} strokeWidth={2} aria-hidden /> {title}
      </h4>
      {list && !list.length && <p>{t("guide.noExamples")}</p>}
      <ul>
        {!list && places.map((place) => <li key={place} className={styles.blank} aria-hidden />)}
        {list?.map(({ image, note, pinned, label }) => {
          const other = label === undefined ? undefined : classOf(label);
          return (
            <li key={image.id}>
              <img src={image.urls.thumb} alt={note || other?.name || title} draggable={false} />
              {other && (
                <span className={styles.is}>
                  <ClassTile of={other} size="s" /> {other.name}
                </span>
              )}
              {note && <span className={styles.note}>{note}</span>}
              {pinned && (
                <Pin className={styles.pin} size={12} strokeWidth={2} aria-label={t("guide.pinned")} />
              )}
            </li>
          );
        })}
      </ul>
    </section>
  );
}

/** What a class means: in words, and in pictures that show it and that do not. */
export function ClassGuide({ project, of, classOf }: { project: number; of: LabelClass; classOf: ClassOf }) {
  const { t } = useTranslation();
  const { data, error, refetch } = useQuery(guideQuery(project, of.id));
  const group = classOf(of.parent);
  return (
    <article className={styles.class} data-testid="class-guide" data-class-id={of.id}>
      <h3>
        <ClassTile of={of} size="l" />
        <span>
          {group && <small>{group.name} › </small>}
          {of.name}
        </span>
        {of.aliases.length > 0 && <small>{t("guide.also", { names: of.aliases.join(", ") })}</small>}
      </h3>
      {of.description && <p className={styles.description}>{of.description}</p>}
      {of.instructions && <Markdown text={of.instructions} />}
      {error && <Failure error={error} retry={() => void refetch()} />}
      {!error && (
        <div className={styles.both}>
          <Examples title={t("guide.shows")} good list={data?.shows} classOf={classOf} />
          <Examples title={t("guide.not")} good={false} list={data?.not} classOf={classOf} />
        </div>
      )}
    </article>
  );
}
