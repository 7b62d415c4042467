import { useMutation, useQueryClient } from "@tanstack/react-query";
import { ChevronLeft, Images } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { keys, useClasses } from "../api/queries";
import { type LookAlike, labelAll, refused, useLookAlikes } from "../api/similar";
import type { LabelClass, Project } from "../api/types";
import { count, percent } from "../messages/i18n";
import { Button, IconButton } from "./Button";
import { ClassTile } from "./ClassTile";
import { Dialog } from "./Dialog";
import { KindJobs } from "./KindJobs";
import styles from "./LookAlikes.module.css";
import { Failure, Placeholder } from "./Page";
import { mayAs } from "./roles";
import { showToast } from "./toasts";

/** A picture that look-alikes are wanted of. */
export interface Seen {
  id: number;
  name: string;
  thumb: string;
}

type Tiles = Map<number, LabelClass>;

/** Several pictures get one label. */
function useLabelling(project: Project, onDone: () => void) {
  const { t } = useTranslation();
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ pictures, label }: { pictures: LookAlike[]; label: number }) =>
      labelAll(project.id, pictures, label),
    onSuccess: (reply) => {
      const missed = refused(reply);
      const done = reply.results.length - missed;
      if (done) showToast(t("similar.labelled", { count: done, number: count(done) }), { tone: "good" });
      if (missed) showToast(t("similar.refused", { count: missed, number: count(missed) }), { tone: "bad" });
      for (const key of [keys.images, keys.gallery, keys.overview, keys.balance])
        void client.invalidateQueries({ queryKey: key(project.id) });
      onDone();
    },
  });
}

function Tile({
  picture,
  tiles,
  chosen,
  onOpen,
  onChoose,
}: {
  picture: LookAlike;
  tiles: Tiles;
  chosen: boolean;
  onOpen: () => void;
  onChoose?: (chosen: boolean) => void;
}) {
  const { t } = useTranslation();
  const label = picture.label === null ? undefined : tiles.get(picture.label);
  const alike = percent(Math.max(picture.cosine, 0));
  const said = label ? t("gallery.labelIs", { name: label.name }) : t("similar.noLabel");
  return (
    <li className={styles.tile} data-chosen={chosen || undefined} data-testid="look-alike">
      <button
        type="button"
        aria-label={t("similar.open", { name: picture.name, said, alike })}
        onClick={onOpen}
      >
        <img src={picture.urls.thumb} alt="" loading="lazy" />
      </button>
      <span className={styles.caption}>
        {label && <ClassTile of={label} size="s" />}
        <span className={styles.label}>{label?.name ?? "–"}</span>
        <span className={styles.alike}>{alike}</span>
      </span>
      {onChoose && (
        <input
          type="checkbox"
          className={styles.check}
          aria-label={t("similar.choose", { name: picture.name })}
          checked={chosen}
          onChange={(event) => onChoose(event.target.checked)}
        />
      )}
    </li>
  );
}

function None({ project, reason }: { project: Project; reason: string | null }) {
  const { t } = useTranslation();
  const why = (["embedding", "computing", "unreadable", "blind"] as const).find((one) => one === reason);
  return (
    <div className={styles.none} data-testid="look-alikes-empty">
      <Images size={24} strokeWidth={1.5} aria-hidden />
      <h3>{t(`similar.none.${why ?? "alone"}`)}</h3>
      <p>{t(`similar.noneText.${why ?? "alone"}`)}</p>
      {why === "computing" && <KindJobs project={project} kind="neighbours" />}
      {why === "embedding" && <KindJobs project={project} kind="embed" />}
    </div>
  );
}

function LabelBar({
  chosen,
  classes,
  busy,
  onLabel,
  onNone,
}: {
  chosen: number;
  classes: LabelClass[];
  busy: boolean;
  onLabel: (label: number) => void;
  onNone: () => void;
}) {
  const { t } = useTranslation();
  const [label, setLabel] = useState(0);
  return (
    <footer className={styles.bar}>
      <span>{t("similar.chosen", { count: chosen, number: count(chosen) })}</span>
      <Button size="s" onClick={onNone}>
        {t("similar.chooseNone")}
      </Button>
      <select
        aria-label={t("similar.as")}
        value={label || ""}
        onChange={(event) => setLabel(Number(event.target.value))}
      >
        <option value="">{t("label.classPlaceholder")}</option>
        {classes.map((one) => (
          <option key={one.id} value={one.id}>
            {one.name}
          </option>
        ))}
      </select>
      <Button size="s" look="primary" disabled={busy || !label} onClick={() => onLabel(label)}>
        {t("similar.label")}
      </Button>
    </footer>
  );
}

function Found({
  project,
  of,
  onOpen,
}: {
  project: Project;
  of: Seen;
  onOpen: (picture: LookAlike) => void;
}) {
  const { data: all = [] } = useClasses(project.id);
  const tiles: Tiles = new Map(all.map((one) => [one.id, one]));
  const { data, error, refetch } = useLookAlikes(project.id, of.id);
  const [chosen, setChosen] = useState<ReadonlySet<number>>(new Set());
  const give = useLabelling(project, () => setChosen(new Set()));
  const may = mayAs(project.role, "annotator");
  const pictures = data?.results ?? [];
  const picked = pictures.filter((picture) => chosen.has(picture.id));
  const choose = (id: number, on: boolean) => {
    const next = new Set(chosen);
    if (on) next.add(id);
    else next.delete(id);
    setChosen(next);
  };
  if (error) return <Failure error={error} retry={() => void refetch()} />;
  if (!data) return <Placeholder height={240} />;
  if (!pictures.length) return <None project={project} reason={data.reason} />;
  return (
    <>
      <ul className={styles.grid}>
        {pictures.map((picture) => (
          <Tile
            key={picture.id}
            picture={picture}
            tiles={tiles}
            chosen={chosen.has(picture.id)}
            onOpen={() => onOpen(picture)}
            onChoose={may ? (on) => choose(picture.id, on) : undefined}
          />
        ))}
      </ul>
      {give.error && <Failure error={give.error} />}
      {picked.length > 0 && (
        <LabelBar
          chosen={picked.length}
          classes={all.filter((one) => !one.archived)}
          busy={give.isPending}
          onLabel={(label) => give.mutate({ pictures: picked, label })}
          onNone={() => setChosen(new Set())}
        />
      )}
    </>
  );
}

/** The pictures that look like one, nearest first; each leads on to its own, and several can get a label at once. */
export function LookAlikes({ project, of, onClose }: { project: Project; of: Seen; onClose: () => void }) {
  const { t } = useTranslation();
  const [trail, setTrail] = useState([of]);
  const seen = trail[trail.length - 1] ?? of;
  const goOn = ({ id, name, urls }: LookAlike) => setTrail([...trail, { id, name, thumb: urls.thumb }]);
  return (
    <Dialog title={t("similar.title")} look="wide" onClose={onClose}>
      <div className={styles.of} data-testid="look-alikes-of">
        {trail.length > 1 && (
          <IconButton label={t("similar.back")} onClick={() => setTrail(trail.slice(0, -1))}>
            <ChevronLeft size={16} strokeWidth={1.5} />
          </IconButton>
        )}
        <img src={seen.thumb} alt="" />
        <span title={seen.name}>{t("similar.of", { name: seen.name })}</span>
      </div>
      <Found key={seen.id} project={project} of={seen} onOpen={goOn} />
    </Dialog>
  );
}
