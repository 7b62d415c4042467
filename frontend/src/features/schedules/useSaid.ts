/** What a schedule says, and what came of it, in a sentence. */
import { useTranslation } from "react-i18next";
import type { Firing, Schedule } from "../../api/modeling";
import { count, currentLanguage } from "../../messages/i18n";
import { clock, readCron, weekdayName } from "./cron";

type Said = Pick<Schedule, "kind" | "cron" | "timezone" | "every_labels">;

export function useScheduleText(): (schedule: Said) => string {
  const { t } = useTranslation();
  return ({ kind, cron, timezone, every_labels }) => {
    if (kind === "labels")
      return t("schedules.everyLabels", { count: every_labels ?? 0, number: count(every_labels ?? 0) });
    const times = readCron(cron);
    return t(`schedules.says.${times.rhythm}`, {
      minute: String(times.minute).padStart(2, "0"),
      time: clock(times),
      weekday: weekdayName(times.weekday, currentLanguage()),
      day: times.day,
      cron: times.text,
      zone: timezone,
    });
  };
}

const skips = ["archived", "nothing_changed", "too_few_classes"] as const;

export function useOutcomeText(): (firing: Firing) => string {
  const { t } = useTranslation();
  return ({ outcome, values, run }) => {
    if (outcome !== "skipped") return t(`schedules.outcome.${outcome}`, { run: run ? run.number : "–" });
    const known = skips.find((reason) => reason === values.reason);
    const why = known
      ? t(`schedules.skip.${known}`, { run: Number(values.run ?? 0) })
      : String(values.message ?? t("schedules.skipped"));
    const times = Number(values.times ?? 1);
    return times > 1 ? `${why} ${t("schedules.times", { count: times, number: count(times) })}` : why;
  };
}
