import { ChevronDown, ChevronUp, Images, X } from "lucide-react";
import { type ReactNode, useEffect } from "react";
import { useTranslation } from "react-i18next";
import { type GalleryPicture, type HistoryEntry, type ImageDetail, useImageDetail } from "../../api/datasets";
import type { LabelClass } from "../../api/types";
import { Button, IconButton } from "../../components/Button";
import { ClassTile } from "../../components/ClassTile";
import { Facts } from "../../components/Facts";
import { Failure } from "../../components/Page";
import { trustName } from "../../components/trust";
import { useProjectContext } from "../../components/useProjectContext";
import { count, dateTime, percent } from "../../messages/i18n";
import styles from "./gallery.module.css";
import { PinExample } from "./PinExample";

type Tiles = Map<number, LabelClass>;

function Named({ of, tiles }: { of: number | null; tiles: Tiles }) {
  const tile = of === null ? undefined : tiles.get(of);
  if (!tile) return <>–</>;
  return (
    <span className={styles.named}>
      <ClassTile of={tile} />
      {tile.name}
    </span>
  );
}

function Entry({ entry, tiles }: { entry: HistoryEntry; tiles: Tiles }) {
  const { t } = useTranslation();
  const known = ["label", "skip", "unsure", "flag"] as const;
  const verdict = known.find((one) => one === entry.verdict) ?? "label";
  const origin = (["verify", "bulk", "import"] as const).find((one) => one === entry.origin);
  const notes = [
    origin && t(`gallery.origin.${origin}`),
    entry.blind && t("gallery.blind"),
    entry.undone && t("gallery.undone"),
    entry.comment && `“${entry.comment}”`,
  ].filter(Boolean);
  return (
    <li data-undone={entry.undone || undefined}>
      <span>
        <b>{entry.user.name}</b> {t(`gallery.said.${verdict}`)}{" "}
        {entry.labels.map((label) => (
          <Named key={label} of={label} tiles={tiles} />
        ))}
      </span>
      <time dateTime={entry.created_at}>{dateTime(entry.created_at)}</time>
      {notes.length > 0 && <small>{notes.join(", ")}</small>}
    </li>
  );
}

function Provenance({ detail, tiles }: { detail: ImageDetail; tiles: Tiles }) {
  const { t } = useTranslation();
  const facts: [string, ReactNode][] = [
    [t("gallery.size"), `${detail.width} × ${detail.height}`],
    [t("gallery.split"), detail.split],
    [t("gallery.file"), detail.sources.join(", ")],
  ];
  return (
    <>
      <section>
        <h3>{t("gallery.history")}</h3>
        {detail.annotations.length === 0 ? (
          <p className={styles.quiet}>{t("gallery.nobody")}</p>
        ) : (
          <ul className={styles.history}>
            {detail.annotations.map((entry) => (
              <Entry key={entry.id} entry={entry} tiles={tiles} />
            ))}
          </ul>
        )}
      </section>
      <section>
        <Facts facts={facts} />
      </section>
    </>
  );
}

/** One picture of the gallery at large, with its label, what the model says, and who said what. */
export function PictureDrawer({
  project,
  picture,
  tiles,
  place,
  onStep,
  onSimilar,
  onClose,
}: {
  project: number;
  picture: GalleryPicture;
  tiles: Tiles;
  place: string;
  onStep: (step: number) => void;
  onSimilar: () => void;
  /** Missing where the frame around it closes. */
  onClose?: () => void;
}) {
  const { t } = useTranslation();
  const lead = useProjectContext().role === "lead";
  const { data: detail, error, refetch } = useImageDetail(project, picture.id);
  useEffect(() => {
    if (!onClose) return;
    const close = (event: KeyboardEvent) => {
      if (event.key === "Escape" && !event.defaultPrevented) onClose();
    };
    window.addEventListener("keydown", close);
    return () => window.removeEventListener("keydown", close);
  }, [onClose]);
  return (
    <div className={styles.picture} data-testid="gallery-drawer">
      <header className={styles.head}>
        <b className={styles.name} title={detail?.name}>
          {detail?.name ?? t("gallery.picture", { number: count(picture.position) })}
        </b>
        <span className={styles.where}>{place}</span>
        <IconButton label={t("gallery.previous")} onClick={() => onStep(-1)}>
          <ChevronUp size={16} strokeWidth={1.5} />
        </IconButton>
        <IconButton label={t("gallery.next")} onClick={() => onStep(1)}>
          <ChevronDown size={16} strokeWidth={1.5} />
        </IconButton>
        {onClose && (
          <IconButton label={t("common.close")} onClick={onClose}>
            <X size={16} strokeWidth={1.5} />
          </IconButton>
        )}
      </header>
      <div className={styles.large}>
        <img src={picture.preview} alt={detail?.name ?? ""} />
      </div>
      <section>
        <Facts
          facts={[
            [t("gallery.label"), <Named key="label" of={picture.label} tiles={tiles} />],
            [t("gallery.trust"), t(`trust.${trustName(picture.trust)}`)],
            [t("gallery.model"), <Named key="model" of={picture.suggestion} tiles={tiles} />],
            [t("gallery.confidence"), picture.confidence === null ? null : percent(picture.confidence, 1)],
          ]}
        />
        <Button
          className={styles.similar}
          icon={<Images size={16} strokeWidth={1.5} />}
          keyHint="."
          onClick={onSimilar}
        >
          {t("similar.command")}
        </Button>
      </section>
      {lead && <PinExample key={picture.id} project={project} picture={picture} />}
      {error && <Failure error={error} retry={() => void refetch()} />}
      {detail && <Provenance detail={detail} tiles={tiles} />}
    </div>
  );
}
