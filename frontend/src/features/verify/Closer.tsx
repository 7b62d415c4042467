import { X } from "lucide-react";
import { useEffect } from "react";
import { useTranslation } from "react-i18next";
import type { LabelClass } from "../../api/types";
import { IconButton } from "../../components/Button";
import { ClassTile } from "../../components/ClassTile";
import { percent } from "../../messages/i18n";
import styles from "./closer.module.css";
import type { DeskView, VerifyDesk } from "./desk";

/** The focused picture, large, over the cells; every key works on as it does there. */
export function Closer({
  desk,
  view,
  classOf,
  onClose,
}: {
  desk: VerifyDesk;
  view: DeskView;
  classOf: (id: number | null) => LabelClass | undefined;
  onClose: () => void;
}) {
  const { t } = useTranslation();
  const pictures = desk.page?.pictures ?? [];
  const shown = pictures[view.focused];
  const beside = [pictures[view.focused - 1], pictures[view.focused + 1]]
    .flatMap((one) => one?.image.urls.preview ?? [])
    .join(" ");
  useEffect(() => {
    for (const url of beside.split(" ").filter(Boolean)) new Image().src = url;
  }, [beside]);
  if (!shown) return null;
  const { image, confidence } = shown;
  const mark = view.marks.get(image.id);
  const of = classOf(mark?.label ?? null);
  return (
    <figure className={styles.closer} data-testid="verify-closer" aria-label={image.name}>
      <img key={image.id} src={image.urls.preview} alt={image.name} draggable={false} />
      <figcaption>
        <span className={styles.name}>{image.name}</span>
        {confidence !== null && <span>{t("verify.sure", { sure: percent(confidence) })}</span>}
        {mark && (
          <span className={styles.said}>
            {of && <ClassTile of={of} />}
            {of?.name ?? t(`verify.verdict.${mark.verdict === "label" ? "later" : mark.verdict}`)}
          </span>
        )}
      </figcaption>
      <IconButton
        label={t("common.close")}
        className={styles.close}
        onMouseDown={(event) => event.preventDefault()}
        onClick={onClose}
      >
        <X size={18} strokeWidth={1.5} />
      </IconButton>
    </figure>
  );
}
