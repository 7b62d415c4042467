import { ImagePlus } from "lucide-react";
import { type ChangeEvent, type DragEvent, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { Button } from "../../components/Button";
import styles from "./imports.module.css";
import { type Chosen, fromDrop, fromInput } from "./paths";

const accepted = "image/*,.heic,.heif,.avif,.tif,.tiff,.webp,.bmp,.gif,.jp2,.zip,application/zip";

/** Where pictures are dropped or chosen: files, a folder, or a zip. */
export function DropZone({
  onChosen,
  compact = false,
}: {
  onChosen: (files: Chosen[]) => void;
  compact?: boolean;
}) {
  const { t } = useTranslation();
  const [over, setOver] = useState(false);
  const [reading, setReading] = useState(false);
  const files = useRef<HTMLInputElement>(null);
  const folder = useRef<HTMLInputElement>(null);

  const take = (event: ChangeEvent<HTMLInputElement>) => {
    const list = event.target.files;
    if (list?.length) onChosen(fromInput(list));
    event.target.value = "";
  };
  const drop = async (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    setReading(true);
    try {
      onChosen(await fromDrop(event.dataTransfer));
    } finally {
      setReading(false);
    }
  };

  return (
    <section
      className={styles.zone}
      data-over={over || undefined}
      data-compact={compact || undefined}
      aria-label={t("imports.dropTitle")}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={drop}
    >
      <ImagePlus size={24} strokeWidth={1.5} aria-hidden />
      <h2>{reading ? t("imports.reading") : t("imports.dropTitle")}</h2>
      <div className={styles.zoneActions}>
        <Button look="primary" size="l" onClick={() => files.current?.click()}>
          {t("imports.chooseFiles")}
        </Button>
        <Button size="l" onClick={() => folder.current?.click()}>
          {t("imports.chooseFolder")}
        </Button>
      </div>
      <p>{t("imports.formats")}</p>
      <input
        ref={files}
        className="visually-hidden"
        tabIndex={-1}
        aria-label={t("imports.chooseFiles")}
        type="file"
        multiple
        accept={accepted}
        data-testid="choose-files"
        onChange={take}
      />
      <input
        ref={folder}
        className="visually-hidden"
        tabIndex={-1}
        aria-label={t("imports.chooseFolder")}
        type="file"
        multiple
        webkitdirectory=""
        data-testid="choose-folder"
        onChange={take}
      />
    </section>
  );
}

declare module "react" {
  interface InputHTMLAttributes<T> {
    webkitdirectory?: string;
  }
}
