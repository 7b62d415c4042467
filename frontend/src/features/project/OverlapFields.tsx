/** How many pictures several people label, and how many people label each of them. */
import { useTranslation } from "react-i18next";
import type { Project } from "../../api/types";
import { TextField } from "../../components/Field";
import { percent } from "../../messages/i18n";
import styles from "./project.module.css";

export type Overlap = Pick<Project, "overlap_share" | "overlap_votes">;

interface Props {
  value: Overlap;
  onChange: (change: Partial<Overlap>) => void;
  errors: Record<string, string[]>;
}

export function OverlapFields({ value, onChange, errors }: Props) {
  const { t } = useTranslation();
  const off = value.overlap_share === 0;
  return (
    <div className={styles.two}>
      <TextField
        label={t("settings.overlapShare")}
        hint={
          off
            ? t("settings.overlapOff")
            : t("settings.overlapShareHint", { share: percent(value.overlap_share) })
        }
        type="number"
        min={0}
        max={1}
        step={0.01}
        required
        value={value.overlap_share}
        errors={errors.overlap_share}
        onChange={(event) => onChange({ overlap_share: event.target.valueAsNumber || 0 })}
      />
      <TextField
        label={t("settings.overlapVotes")}
        hint={t("settings.overlapVotesHint")}
        type="number"
        min={2}
        max={5}
        required
        disabled={off}
        value={value.overlap_votes}
        errors={errors.overlap_votes}
        onChange={(event) => onChange({ overlap_votes: event.target.valueAsNumber || 2 })}
      />
    </div>
  );
}
