import { useTranslation } from "react-i18next";
import type { LabelClass } from "../../api/types";
import { ClassTile } from "../../components/ClassTile";
import { Dialog } from "../../components/Dialog";
import styles from "./labelpage.module.css";

interface Props {
  instructions: string;
  classes: LabelClass[];
  onClose: () => void;
}

/** What counts as what: the lead's instructions and what each class means. */
export function GuideDialog({ instructions, classes, onClose }: Props) {
  const { t } = useTranslation();
  return (
    <Dialog title={t("label.guide")} look="wide" onClose={onClose}>
      <p className={styles.instructions}>{instructions || t("label.noInstructions")}</p>
      <dl className={styles.guide}>
        {classes.map((one) => (
          <div key={one.id}>
            <dt>
              <ClassTile of={one} /> {one.name}
            </dt>
            <dd>{one.description}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
