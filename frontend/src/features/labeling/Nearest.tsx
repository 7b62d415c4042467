import { memo, useEffect, useRef, useState, useSyncExternalStore } from "react";
import { useTranslation } from "react-i18next";
import { labelledNeighbours, type Neighbour } from "../../api/guide";
import type { LabelClass, Task } from "../../api/types";
import { ClassTile } from "../../components/ClassTile";
import { count } from "../../messages/i18n";
import type { DeskController } from "./desk";
import styles from "./nearest.module.css";
import { NeighbourCache, votesFor } from "./neighbours";
import { useHead } from "./useDesk";

const shown = 8;
/** Nothing is asked for, and nothing is drawn, while the keys come faster than this. */
const restMs = 250;
/** Neighbours of so many pictures are fetched ahead, the one on the screen first. */
const ahead = 4;

/** The neighbours of the pictures ahead, fetched in the pauses. */
export function useNeighbours(project: number, desk: DeskController): NeighbourCache {
  const [cache] = useState(
    () =>
      new NeighbourCache(
        (image) => labelledNeighbours(project, image, shown),
        (thumb) => {
          new Image().src = thumb;
        },
      ),
  );
  const head = useHead(project);
  useEffect(() => {
    if (head) cache.clear();
  }, [head, cache]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: what a new head sees is asked for again
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let current: number | undefined;
    const ask = () => {
      const tasks = desk.read().ahead.slice(0, ahead);
      cache.want(tasks.filter((task) => !task.blind).map((task) => task.image.id));
    };
    const onChange = () => {
      if (desk.current?.image.id === current) return;
      current = desk.current?.image.id;
      clearTimeout(timer);
      timer = setTimeout(ask, restMs);
    };
    onChange();
    const stop = desk.subscribe(onChange);
    return () => {
      stop();
      clearTimeout(timer);
    };
  }, [cache, desk, head]);
  return cache;
}

/** True a moment after the picture came: at once for who looks long, after a rest for who types fast. */
function useRested(image: number): boolean {
  const [rested, setRested] = useState<number | null>(null);
  const since = useRef(0);
  useEffect(() => {
    const calm = performance.now() - since.current > 2 * restMs;
    since.current = performance.now();
    const timer = setTimeout(() => setRested(image), calm ? 0 : restMs);
    return () => clearTimeout(timer);
  }, [image]);
  return rested === image;
}

type ClassOf = (id: number | null) => LabelClass | undefined;

const Cell = memo(function Cell({ of, classOf }: { of: Neighbour | undefined; classOf: ClassOf }) {
  const { t } = useTranslation();
  const label = of && classOf(of.label);
  return (
    <li>
      <span className={styles.picture}>
        {of && <img src={of.image.urls.thumb} alt={label?.name ?? t("label.noClass")} draggable={false} />}
      </span>
      <span className={styles.says} title={label?.name}>
        {label && <ClassTile of={label} />}
        {of?.cosine.toFixed(2)}
      </span>
    </li>
  );
});

const places = Array.from({ length: shown }, (_, index) => index);

interface Props {
  task: Task;
  cache: NeighbourCache;
  classOf: ClassOf;
}

/** What the nearest labelled pictures say. Their places are there before them, so nothing moves. */
export function Nearest({ task, cache, classOf }: Props) {
  const { t } = useTranslation();
  const { id } = task.image;
  const known = useSyncExternalStore(cache.subscribe, () => cache.peek(id));
  const rested = useRested(id);
  const found = rested ? known : undefined;
  const best = classOf(task.suggestion?.top[0]?.class ?? null);
  if (found && !found.results.length)
    return (
      <section className={styles.nearest} data-testid="nearest">
        <h3>{t("label.nearestTitle")}</h3>
        <p className={styles.none}>{t("label.nearestNone")}</p>
      </section>
    );
  return (
    <section className={styles.nearest} data-testid="nearest" data-ready={found ? true : undefined}>
      <header>
        <h3>{t("label.nearestTitle")}</h3>
        {found && best && (
          <span>
            {t("label.nearestSay", {
              some: count(votesFor(found, best.id)),
              all: count(found.results.length),
              name: best.name,
            })}
          </span>
        )}
      </header>
      <ol>
        {places.map((index) => (
          <Cell key={index} of={found?.results[index]} classOf={classOf} />
        ))}
      </ol>
    </section>
  );
}
