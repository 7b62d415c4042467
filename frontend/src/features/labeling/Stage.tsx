import { Check, LayoutList, type LucideIcon, SkipForward, Undo2 } from "lucide-react";
import { useEffect, useLayoutEffect, useMemo, useRef, useState, useSyncExternalStore } from "react";
import { useTranslation } from "react-i18next";
import type { Task } from "../../api/types";
import { Button } from "../../components/Button";
import { KeyHint } from "../../components/KeyCaps";
import type { Direction, Swipe } from "./gestures";
import type { PictureCache } from "./preload";
import styles from "./stage.module.css";
import { useFingers } from "./useFingers";
import type { Viewer } from "./viewerState";

export interface SwipeAction {
  label: string;
  run: () => void;
}

export type SwipeActions = Partial<Record<Direction, SwipeAction>>;

interface Props {
  task: Task;
  pictures: PictureCache;
  viewer: Viewer;
  /** What swipes do; none on a wide page. */
  swipes?: SwipeActions;
}

const icons: Record<Direction, LucideIcon> = {
  right: Check,
  left: SkipForward,
  up: LayoutList,
  down: Undo2,
};

const still = () => window.matchMedia("(prefers-reduced-motion: reduce)").matches;

/** Where the finger has the picture now; nothing moves for those who asked for that. */
function shift({ direction, progress }: Swipe): string {
  if (still()) return "";
  const far = (direction === "left" || direction === "up" ? -1 : 1) * progress * 72;
  return direction === "left" || direction === "right" ? `translateX(${far}px)` : `translateY(${far}px)`;
}

function SwipeBadge({ swipe, action }: { swipe: Swipe; action: SwipeAction }) {
  const Icon = icons[swipe.direction];
  return (
    <div
      className={styles.swipe}
      data-direction={swipe.direction}
      data-ready={swipe.progress >= 1 || undefined}
      data-testid="swipe-badge"
      style={{ opacity: 0.35 + 0.65 * swipe.progress }}
      aria-hidden
    >
      <Icon size={20} strokeWidth={2} /> {action.label}
    </div>
  );
}

/** The very element that was decoded ahead is put in place, in the same frame as everything else. */
function usePictureIn(
  holder: React.RefObject<HTMLDivElement | null>,
  task: Task,
  pictures: PictureCache,
  viewer: Viewer,
) {
  const url = task.image.urls.preview;
  const state = useSyncExternalStore(pictures.subscribe, () => pictures.peek(url)?.state ?? "loading");
  const { name, width, height } = task.image;
  useLayoutEffect(() => {
    const place = holder.current;
    if (!place) return;
    const picture = pictures.peek(url);
    if (state !== "ready" || !picture) {
      place.replaceChildren();
      return;
    }
    const { element } = picture;
    element.alt = name;
    viewer.show(element.naturalWidth || width, element.naturalHeight || height);
    place.replaceChildren(element);
  }, [holder, pictures, viewer, url, state, name, width, height]);
  return state;
}

/** A neutral block is shown only when loading takes longer than a blink. */
function useLate(loading: boolean): boolean {
  const [late, setLate] = useState(false);
  useEffect(() => {
    if (!loading) return;
    const timer = setTimeout(() => setLate(true), 150);
    return () => {
      clearTimeout(timer);
      setLate(false);
    };
  }, [loading]);
  return late && loading;
}

export function Stage({ task, pictures, viewer, swipes }: Props) {
  const { t } = useTranslation();
  const stage = useRef<HTMLElement>(null);
  const holder = useRef<HTMLDivElement>(null);
  const slide = useRef<HTMLDivElement>(null);
  const [swipe, setSwipe] = useState<Swipe | null>(null);
  const doing = useRef(swipes);
  doing.current = swipes;
  const state = usePictureIn(holder, task, pictures, viewer);
  const late = useLate(state === "loading");

  useLayoutEffect(() => {
    const box = slide.current;
    viewer.attach(holder.current);
    if (!box) return;
    viewer.resize(box.clientWidth, box.clientHeight);
    const watch = new ResizeObserver(() => viewer.resize(box.clientWidth, box.clientHeight));
    watch.observe(box);
    return () => {
      watch.disconnect();
      viewer.attach(null);
    };
  }, [viewer]);

  const fingers = useMemo(
    () => ({
      onSwipe: (now: Swipe | null) => {
        const known = now && doing.current?.[now.direction] ? now : null;
        setSwipe(known);
        if (slide.current) slide.current.style.transform = known ? shift(known) : "";
      },
      onAct: (direction: Direction) => doing.current?.[direction]?.run(),
    }),
    [],
  );
  useFingers(stage, viewer, fingers);
  const action = swipe && swipes?.[swipe.direction];

  return (
    <figure
      ref={stage}
      className={styles.stage}
      data-testid="label-stage"
      data-image={task.image.id}
      data-state={state}
    >
      <div ref={slide} className={styles.slide}>
        <div ref={holder} className={styles.holder} />
      </div>
      <figcaption className={styles.caption}>
        {task.image.name}
        <br />
        {task.image.width} × {task.image.height}
      </figcaption>
      <p className={styles.hints} aria-hidden>
        <KeyHint command="label.guide" before={t("keys.hold")} /> {t("label.guide")}
        <KeyHint command="label.zoom" /> {t("label.zoom")}
      </p>
      {late && <div className={styles.wait} aria-hidden />}
      {swipe && action && <SwipeBadge swipe={swipe} action={action} />}
      {state === "failed" && (
        <div className={styles.failed} role="alert">
          <p>{t("label.pictureFailed")}</p>
          <Button onClick={() => pictures.retry(task.image.urls.preview)}>{t("common.retry")}</Button>
        </div>
      )}
    </figure>
  );
}
