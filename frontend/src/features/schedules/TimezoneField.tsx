import { useTranslation } from "react-i18next";
import { useTimezones } from "../../api/modelingCalls";
import { Button } from "../../components/Button";
import { SearchList } from "../../components/SearchList";
import styles from "./schedules.module.css";

/** One of several hundred time zones, found by a few letters. */
export function TimezoneField({
  value,
  onChange,
  errors,
}: {
  value: string;
  onChange: (zone: string) => void;
  errors?: string[];
}) {
  const { t } = useTranslation();
  const { data: zones } = useTimezones();
  const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
  return (
    <div className={styles.zone}>
      <b>{t("schedules.timezone")}</b>
      <div className={styles.zoneRow}>
        <span data-testid="timezone">{value}</span>
        {own !== value && (zones ?? []).includes(own) && (
          <Button size="s" look="quiet" onClick={() => onChange(own)}>
            {t("schedules.ownZone", { zone: own })}
          </Button>
        )}
      </div>
      <SearchList<string>
        items={zones ?? []}
        text={(zone) => zone.replaceAll("_", " ")}
        itemKey={(zone) => zone}
        render={(zone) => <span>{zone}</span>}
        onPick={onChange}
        label={t("schedules.findZone")}
        placeholder={t("schedules.findZone")}
        empty={t("schedules.noZone")}
        floating
      />
      {errors?.length ? <p className={styles.error}>{errors.join(" ")}</p> : null}
    </div>
  );
}
