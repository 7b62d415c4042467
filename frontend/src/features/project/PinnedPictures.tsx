import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { X } from "lucide-react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { examples, type Guide, guideQuery } from "../../api/guide";
import type { LabelClass } from "../../api/types";
import { IconButton } from "../../components/Button";
import { Failure } from "../../components/Page";
import styles from "./classes.module.css";

type Picture = Guide["shows"][number];

function Side({
  title,
  pictures,
  onRemove,
}: {
  title: string;
  pictures: Picture[];
  /** Missing for who may not. */
  onRemove?: (picture: Picture) => void;
}) {
  const { t } = useTranslation();
  return (
    <div>
      <h4>{title}</h4>
      {pictures.length === 0 && <p className={styles.hint}>{t("classes.nothingPinned")}</p>}
      <ul className={styles.pictures}>
        {pictures.map((picture) => (
          <li key={picture.image.id} data-testid="pinned">
            <img
              src={picture.image.urls.thumb}
              alt={picture.image.name}
              width={72}
              height={72}
              loading="lazy"
            />
            {picture.note && <small title={picture.note}>{picture.note}</small>}
            {onRemove && (
              <IconButton
                label={t("classes.unpin", { name: picture.image.name })}
                className={styles.unpin}
                onClick={() => onRemove(picture)}
              >
                <X size={12} strokeWidth={1.5} />
              </IconButton>
            )}
          </li>
        ))}
      </ul>
    </div>
  );
}

/** The pictures that leads pinned to a class: what it is, and what it is not. */
export function PinnedPictures({
  projectId,
  of,
  locked,
}: {
  projectId: number;
  of: LabelClass;
  locked: boolean;
}) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const query = guideQuery(projectId, of.id);
  const { data, error, refetch } = useQuery(query);
  const unpin = useMutation({
    mutationFn: (picture: Picture) => examples.unpin(projectId, of.id, picture.image.id),
    onSettled: () => client.invalidateQueries({ queryKey: query.queryKey }),
  });
  if (error) return <Failure error={error} retry={() => void refetch()} />;
  const pinned = (side: Picture[] | undefined) => (side ?? []).filter((one) => one.pinned);
  const onRemove = locked ? undefined : (picture: Picture) => unpin.mutate(picture);
  return (
    <section className={styles.pinned}>
      <div className={styles.two}>
        <Side
          title={t("classes.shows", { name: of.name })}
          pictures={pinned(data?.shows)}
          onRemove={onRemove}
        />
        <Side
          title={t("classes.differs", { name: of.name })}
          pictures={pinned(data?.not)}
          onRemove={onRemove}
        />
      </div>
      {unpin.error && <Failure error={unpin.error} />}
      {!locked && (
        <p className={styles.hint}>
          {t("classes.pinHint")}{" "}
          <Link to={`/projects/${projectId}/gallery?class=${of.id}`}>{t("classes.toGallery")}</Link>
        </p>
      )}
    </section>
  );
}
