import { useCallback, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { useSearchParams } from "react-router";
import { type GalleryPicture, type GalleryQuery, useGallery } from "../../api/datasets";
import { useBalance, useClasses, useOverview } from "../../api/queries";
import type { LabelClass } from "../../api/types";
import { useCommands } from "../../commands/useCommands";
import { LinkButton } from "../../components/Button";
import { ClassTile } from "../../components/ClassTile";
import { Dialog } from "../../components/Dialog";
import { LookAlikes } from "../../components/LookAlikes";
import { Failure, Placeholder } from "../../components/Page";
import { Segmented } from "../../components/Segmented";
import { TopBar } from "../../components/TopBar";
import { useNarrow } from "../../components/useNarrow";
import { useProjectContext } from "../../components/useProjectContext";
import { VirtualGrid } from "../../components/VirtualGrid";
import { count, percent } from "../../messages/i18n";
import styles from "./gallery.module.css";
import { PictureDrawer } from "./PictureDrawer";
import { ofs, orders, readQuery, writeQuery } from "./query";

type Tiles = Map<number, LabelClass>;

function Caption({ picture, tiles }: { picture: GalleryPicture; tiles: Tiles }) {
  const label = picture.label === null ? undefined : tiles.get(picture.label);
  const guess = picture.suggestion === null ? undefined : tiles.get(picture.suggestion);
  return (
    <span className={styles.caption}>
      {label && <ClassTile of={label} size="s" />}
      {label && guess && <span className={styles.arrow}>›</span>}
      {guess && <ClassTile of={guess} size="s" />}
      {picture.confidence !== null && <span className={styles.sure}>{picture.confidence.toFixed(2)}</span>}
    </span>
  );
}

function useCellLabel(tiles: Tiles): (picture: GalleryPicture) => string {
  const { t } = useTranslation();
  return (picture) => {
    const label = picture.label === null ? null : tiles.get(picture.label)?.name;
    const guess = picture.suggestion === null ? null : tiles.get(picture.suggestion)?.name;
    const parts = [t("gallery.picture", { number: count(picture.position) })];
    if (label) parts.push(t("gallery.labelIs", { name: label }));
    if (guess) parts.push(t("gallery.guessIs", { name: guess, sure: percent(picture.confidence ?? 0) }));
    return parts.join(", ");
  };
}

function Filters({
  query,
  classes,
  total,
  onChange,
}: {
  query: GalleryQuery;
  classes: LabelClass[];
  total: number | undefined;
  onChange: (query: GalleryQuery) => void;
}) {
  const { t } = useTranslation();
  const project = useProjectContext();
  const { data: balance } = useBalance(project.id);
  const tile = classes.find((one) => one.id === query.class);
  const row = balance?.classes.find((one) => one.class === query.class);
  const numbers = query.class ? row : balance;
  const ofTitle = (of: (typeof ofs)[number]) =>
    numbers ? `${t(`gallery.of.${of}`)} ${count(numbers[of])}` : t(`gallery.of.${of}`);
  return (
    <div className={styles.filters}>
      <label className={styles.chip}>
        {tile && <ClassTile of={tile} />}
        <span className="visually-hidden">{t("gallery.class")}</span>
        <select
          data-testid="gallery-class"
          value={query.class ?? ""}
          onChange={(event) => onChange({ ...query, class: Number(event.target.value) || undefined })}
        >
          <option value="">{t("gallery.allClasses")}</option>
          {classes.map((one) => (
            <option key={one.id} value={one.id}>
              {one.name}
            </option>
          ))}
        </select>
      </label>
      <Segmented
        label={t("gallery.which")}
        choices={ofs.map((of) => [of, ofTitle(of)])}
        value={query.of}
        onChange={(of) => onChange({ ...query, of })}
      />
      <span className={styles.right}>
        <span data-testid="gallery-total">
          {total !== undefined && t("gallery.total", { count: total, number: count(total) })}
        </span>
        <select
          aria-label={t("gallery.order")}
          value={query.order}
          onChange={(event) => onChange({ ...query, order: event.target.value as GalleryQuery["order"] })}
        >
          {orders.map((order) => (
            <option key={order} value={order}>
              {t(`gallery.orders.${order}`)}
            </option>
          ))}
        </select>
      </span>
    </div>
  );
}

function Nothing({ query }: { query: GalleryQuery }) {
  const { t } = useTranslation();
  const project = useProjectContext();
  const { data: overview } = useOverview(project.id);
  const labels = project.role !== "viewer";
  if (overview?.counts.images === 0)
    return (
      <div className={styles.nothing} data-testid="gallery-empty">
        <h2>{t("gallery.empty")}</h2>
        <p>{t("gallery.emptyText")}</p>
        {project.role === "lead" && (
          <LinkButton to={`/projects/${project.id}/imports/new`} look="primary" size="l">
            {t("gallery.goImport")}
          </LinkButton>
        )}
      </div>
    );
  return (
    <div className={styles.nothing} data-testid="gallery-empty">
      <h2>{t(`gallery.none.${query.of}`)}</h2>
      <p>{t(`gallery.noneText.${query.of}`)}</p>
      {labels && (
        <LinkButton to={`/projects/${project.id}/label`} look="primary" size="l">
          {t("gallery.goLabel")}
        </LinkButton>
      )}
    </div>
  );
}

function useSimilarCommand(shown: GalleryPicture | undefined, run: (picture: GalleryPicture) => void): void {
  const { t } = useTranslation();
  const commands = useMemo(
    () => [
      {
        id: "gallery.similar",
        label: t("similar.command"),
        group: t("gallery.title"),
        keys: ["."],
        when: () => shown !== undefined,
        run: () => shown && run(shown),
      },
    ],
    [shown, run, t],
  );
  useCommands(commands);
}

/** The pictures of a class, by label or by what the model says of the pool, the surest first. */
export function GalleryPage() {
  const { t } = useTranslation();
  const project = useProjectContext();
  const narrow = useNarrow();
  const [search, setSearch] = useSearchParams();
  const query = readQuery(search);
  const [open, setOpen] = useState<number | null>(null);
  const { data: all } = useClasses(project.id);
  const classes = all ?? [];
  const tiles: Tiles = new Map(classes.map((one) => [one.id, one]));
  const { data, error, refetch, fetchNextPage, hasNextPage, isFetching } = useGallery(project.id, query);
  const labelOf = useCellLabel(tiles);
  const pictures = data?.pages.flatMap((page) => page.results) ?? [];
  const total = data?.pages[0]?.total;
  const shown = open === null ? undefined : pictures[open];
  const [similar, setSimilar] = useState<GalleryPicture | null>(null);
  useSimilarCommand(shown, setSimilar);
  const change = (next: GalleryQuery) => {
    setOpen(null);
    setSearch(writeQuery(next), { replace: true });
  };
  const onEnd = useCallback(() => {
    if (hasNextPage && !isFetching) void fetchNextPage();
  }, [hasNextPage, isFetching, fetchNextPage]);
  const drawer = shown && open !== null && (
    <PictureDrawer
      project={project.id}
      picture={shown}
      tiles={tiles}
      place={t("jobs.doneOf", { done: count(open + 1), total: count(total ?? pictures.length) })}
      onStep={(step) => setOpen(Math.min(Math.max(open + step, 0), pictures.length - 1))}
      onSimilar={() => setSimilar(shown)}
      onClose={narrow ? undefined : () => setOpen(null)}
    />
  );
  return (
    <div className={styles.page}>
      <TopBar title={t("gallery.title")} note={query.class ? tiles.get(query.class)?.name : project.name} />
      <Filters query={query} classes={classes} total={total} onChange={change} />
      <main className={styles.room}>
        <div className={styles.grid}>
          {error && <Failure error={error} retry={() => void refetch()} />}
          {!data && !error && <Placeholder height={320} />}
          {data && pictures.length === 0 && <Nothing query={query} />}
          {pictures.length > 0 && (
            <VirtualGrid
              key={search.toString()}
              count={pictures.length}
              least={narrow ? 96 : 120}
              heightOf={(width) => width * 1.25 + 26}
              label={t("gallery.title")}
              selected={open}
              cell={(index) => {
                const picture = pictures[index];
                return {
                  key: picture?.id ?? index,
                  label: picture ? labelOf(picture) : "",
                  content: picture && (
                    <>
                      <img src={picture.thumb} alt="" className={styles.thumb} />
                      <Caption picture={picture} tiles={tiles} />
                    </>
                  ),
                };
              }}
              onOpen={setOpen}
              onMove={(index) => open !== null && setOpen(index)}
              onEnd={onEnd}
            />
          )}
        </div>
        {drawer && !narrow && <aside className={styles.drawer}>{drawer}</aside>}
        {drawer && narrow && (
          <Dialog
            title={t("gallery.picture", { number: count(shown.position) })}
            look="wide"
            onClose={() => setOpen(null)}
          >
            {drawer}
          </Dialog>
        )}
      </main>
      {similar && (
        <LookAlikes
          project={project}
          of={{
            id: similar.id,
            name: t("gallery.picture", { number: count(similar.position) }),
            thumb: similar.thumb,
          }}
          onClose={() => setSimilar(null)}
        />
      )}
    </div>
  );
}
