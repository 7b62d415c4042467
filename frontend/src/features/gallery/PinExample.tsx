import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useId, useState } from "react";
import { useTranslation } from "react-i18next";
import type { GalleryPicture } from "../../api/datasets";
import { examples, guideQuery } from "../../api/guide";
import { useClasses } from "../../api/queries";
import { Button } from "../../components/Button";
import { inTree } from "../../components/classTree";
import { Failure } from "../../components/Page";
import { showToast } from "../../components/toasts";
import styles from "./pin.module.css";

/** A lead pins the picture to a class's guide: as an example of it, or of what it is not. */
export function PinExample({ project, picture }: { project: number; picture: GalleryPicture }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const id = useId();
  const { data: classes = [] } = useClasses(project);
  const [chosen, setChosen] = useState<number | null>(null);
  const [note, setNote] = useState("");
  const live = classes.filter((one) => !one.archived);
  const label = live.find((one) => one.id === (chosen ?? picture.label ?? picture.suggestion)) ?? live[0];
  const pin = useMutation({
    mutationFn: (shows: boolean) => examples.pin(project, label?.id ?? 0, picture.id, shows, note),
    onSuccess: (_, shows) => {
      if (!label) return;
      const name = label.name;
      showToast(shows ? t("gallery.pinnedShows", { name }) : t("gallery.pinnedDiffers", { name }), {
        tone: "good",
      });
      setNote("");
      void client.invalidateQueries({ queryKey: guideQuery(project, label.id).queryKey });
    },
  });
  if (!label) return null;
  return (
    <section className={styles.pin}>
      <h3>{t("gallery.pin")}</h3>
      <div className={styles.fields}>
        <select
          aria-label={t("gallery.pinClass")}
          value={label.id}
          onChange={(event) => setChosen(Number(event.target.value))}
        >
          {inTree(live).map(({ of, depth }) => (
            <option key={of.id} value={of.id}>
              {depth > 0 ? `\u2003${of.name}` : of.name}
            </option>
          ))}
        </select>
        <input
          id={id}
          aria-label={t("gallery.pinNote")}
          placeholder={t("gallery.pinNote")}
          value={note}
          maxLength={200}
          onChange={(event) => setNote(event.target.value)}
        />
      </div>
      <div className={styles.actions}>
        <Button size="s" disabled={pin.isPending} onClick={() => pin.mutate(true)}>
          {t("gallery.exampleOf", { name: label.name })}
        </Button>
        <Button size="s" disabled={pin.isPending} onClick={() => pin.mutate(false)}>
          {t("gallery.notExampleOf", { name: label.name })}
        </Button>
      </div>
      {pin.error && <Failure error={pin.error} />}
    </section>
  );
}
