/** How much is planted on Verify pages, and whether their size follows what that measures. */
import { useTranslation } from "react-i18next";
import type { Project } from "../../api/types";
import { CheckField, TextField } from "../../components/Field";
import styles from "./project.module.css";

export type Verify = Pick<Project, "verify_adaptive" | "gold_per_page">;

interface Props {
  value: Verify;
  onChange: (change: Partial<Verify>) => void;
  errors: Record<string, string[]>;
}

export function VerifyFields({ value, onChange, errors }: Props) {
  const { t } = useTranslation();
  return (
    <>
      <div className={styles.two}>
        <TextField
          label={t("settings.goldPerPage")}
          hint={value.gold_per_page === 0 ? t("settings.goldOff") : t("settings.goldHint")}
          type="number"
          min={0}
          max={6}
          required
          value={value.gold_per_page}
          errors={errors.gold_per_page}
          onChange={(event) => onChange({ gold_per_page: event.target.valueAsNumber || 0 })}
        />
      </div>
      <CheckField
        label={t("settings.verifyAdaptive")}
        checked={value.verify_adaptive}
        onChange={(verify_adaptive) => onChange({ verify_adaptive })}
      />
    </>
  );
}
