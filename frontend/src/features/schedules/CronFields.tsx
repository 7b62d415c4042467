import { useTranslation } from "react-i18next";
import { SelectField, TextField } from "../../components/Field";
import { currentLanguage } from "../../messages/i18n";
import { clock, type Rhythm, readClock, rhythms, type Times, weekdayName, writeCron } from "./cron";
import styles from "./schedules.module.css";

interface Props {
  value: Times;
  onChange: (times: Times) => void;
  errors?: string[];
}

const days = [1, 2, 3, 4, 5, 6, 0];

function DayFields({ value, onChange }: Props) {
  const { t } = useTranslation();
  return (
    <>
      {value.rhythm === "weekly" && (
        <SelectField
          label={t("schedules.weekday")}
          value={value.weekday}
          onChange={(event) => onChange({ ...value, weekday: Number(event.target.value) })}
        >
          {days.map((day) => (
            <option key={day} value={day}>
              {weekdayName(day, currentLanguage())}
            </option>
          ))}
        </SelectField>
      )}
      {value.rhythm === "monthly" && (
        <TextField
          label={t("schedules.day")}
          hint={value.day > 28 ? t("schedules.dayHint") : undefined}
          type="number"
          min={1}
          max={31}
          required
          value={value.day}
          onChange={(event) => onChange({ ...value, day: event.target.valueAsNumber || 1 })}
        />
      )}
      {["daily", "weekly", "monthly"].includes(value.rhythm) && (
        <TextField
          label={t("schedules.time")}
          type="time"
          required
          value={clock(value)}
          onChange={(event) => onChange({ ...value, ...(readClock(event.target.value) ?? {}) })}
        />
      )}
    </>
  );
}

/** When a schedule by the clock is due: a rhythm with its time, or an expression as written. */
export function CronFields({ value, onChange, errors }: Props) {
  const { t } = useTranslation();
  const custom = value.rhythm === "custom";
  return (
    <div className={styles.fields}>
      <SelectField
        label={t("schedules.rhythm")}
        value={value.rhythm}
        errors={custom ? undefined : errors}
        onChange={(event) =>
          onChange({ ...value, rhythm: event.target.value as Rhythm, text: writeCron(value) })
        }
      >
        {rhythms.map((rhythm) => (
          <option key={rhythm} value={rhythm}>
            {t(`schedules.rhythms.${rhythm}`)}
          </option>
        ))}
      </SelectField>
      {value.rhythm === "hourly" && (
        <TextField
          label={t("schedules.minute")}
          type="number"
          min={0}
          max={59}
          required
          value={value.minute}
          onChange={(event) => onChange({ ...value, minute: event.target.valueAsNumber || 0 })}
        />
      )}
      <DayFields value={value} onChange={onChange} />
      {custom && (
        <TextField
          label={t("schedules.cron")}
          hint={t("schedules.cronHint")}
          errors={errors}
          required
          spellCheck={false}
          value={value.text}
          onChange={(event) => onChange({ ...value, text: event.target.value })}
        />
      )}
    </div>
  );
}
