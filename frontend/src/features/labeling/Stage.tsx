import { useLayoutEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Task } from "../../api/types";
import { Button } from "../../components/Button";
import type { PictureCache } from "./preload";
import styles from "./stage.module.css";

/** The picture itself: the very element that was decoded ahead is put in place, in the same frame. */
export function Stage({ task, pictures, actual }: { task: Task; pictures: PictureCache; actual: boolean }) {
  const { t } = useTranslation();
  const holder = useRef<HTMLDivElement>(null);
  const url = task.image.urls.preview;
  const picture = pictures.peek(url);
  const state = picture?.state ?? "loading";
  const [late, setLate] = useState(false);

  useLayoutEffect(() => {
    const place = holder.current;
    if (!place || !picture) return;
    if (state === "ready") {
      picture.element.alt = task.image.name;
      place.replaceChildren(picture.element);
      place.scrollTo?.(0, 0);
    } else place.replaceChildren();
  }, [picture, state, task.image.name]);

  useLayoutEffect(() => {
    setLate(false);
    if (state !== "loading") return;
    const timer = setTimeout(() => setLate(true), 150);
    return () => clearTimeout(timer);
  }, [state]);

  return (
    <figure className={styles.stage} data-testid="label-stage" data-image={task.image.id} data-state={state}>
      <div ref={holder} className={styles.holder} data-actual={actual || undefined} />
      <figcaption className={styles.caption}>
        {task.image.name}
        <br />
        {task.image.width} × {task.image.height}
      </figcaption>
      <p className={styles.hints} aria-hidden>
        <kbd>G</kbd> {t("label.guide")}
        <kbd>{t("keys.space")}</kbd> {t("label.zoom")}
      </p>
      {late && <div className={styles.wait} aria-hidden />}
      {state === "failed" && (
        <div className={styles.failed} role="alert">
          <p>{t("label.pictureFailed")}</p>
          <Button onClick={() => pictures.retry(url)}>{t("common.retry")}</Button>
        </div>
      )}
    </figure>
  );
}
