import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { CellPicture, Part } from "../../api/modeling";
import { useCell } from "../../api/modelingCalls";
import { Button } from "../../components/Button";
import { Dialog } from "../../components/Dialog";
import type { ClassRow } from "../../components/matrix";
import { Failure, Placeholder } from "../../components/Page";
import { percent } from "../../messages/i18n";
import styles from "./models.module.css";

export interface OpenCell {
  label: ClassRow;
  predicted: ClassRow;
  count: number;
}

function Picture({ image, on, onPick }: { image: CellPicture; on: boolean; onPick: () => void }) {
  const { t } = useTranslation();
  return (
    <li>
      <button
        type="button"
        className={styles.picture}
        aria-pressed={on}
        aria-label={t("models.picture", {
          position: image.position,
          confidence: percent(image.confidence),
        })}
        onClick={onPick}
      >
        <img src={image.thumb} alt="" loading="lazy" />
        <span>{percent(image.confidence)}</span>
      </button>
    </li>
  );
}

/** The pictures of one cell of the confusion matrix; one of them can be looked at in full. */
export function CellDialog({
  project,
  model,
  part,
  cell,
  onClose,
}: {
  project: number;
  model: number;
  part: Part;
  cell: OpenCell;
  onClose: () => void;
}) {
  const { t } = useTranslation();
  const [large, setLarge] = useState<CellPicture | null>(null);
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = useCell(project, model, {
    label: cell.label.id,
    predicted: cell.predicted.id,
    part,
  });
  const images = data?.pages.flatMap((page) => page.results) ?? [];
  return (
    <Dialog
      title={t("models.cellName", {
        number: cell.count,
        label: cell.label.name,
        predicted: cell.predicted.name,
      })}
      look="wide"
      onClose={onClose}
    >
      {error && <Failure error={error} retry={() => void refetch()} />}
      {!data && !error && <Placeholder height={160} />}
      {large && (
        <figure className={styles.large}>
          <img
            src={large.preview}
            alt={t("models.picture", { position: large.position, confidence: percent(large.confidence) })}
          />
        </figure>
      )}
      {data && images.length === 0 && <p className={styles.quiet}>{t("models.cellGone")}</p>}
      <ul className={styles.pictures} data-testid="cell-pictures">
        {images.map((image) => (
          <Picture
            key={image.id}
            image={image}
            on={large?.id === image.id}
            onPick={() => setLarge(large?.id === image.id ? null : image)}
          />
        ))}
      </ul>
      {hasNextPage && (
        <Button disabled={isFetchingNextPage} onClick={() => void fetchNextPage()}>
          {t("common.more")}
        </Button>
      )}
    </Dialog>
  );
}
