/** Cron expressions as a form has them: every hour, every day, every week, every month, or as written. */

export type Rhythm = "hourly" | "daily" | "weekly" | "monthly" | "custom";
export const rhythms: Rhythm[] = ["hourly", "daily", "weekly", "monthly", "custom"];

export interface Times {
  rhythm: Rhythm;
  minute: number;
  hour: number;
  /** 0 is Sunday, as cron counts. */
  weekday: number;
  day: number;
  /** The expression as written, for what the other rhythms cannot say. */
  text: string;
}

export const nightly: Times = { rhythm: "daily", minute: 0, hour: 2, weekday: 1, day: 1, text: "0 2 * * *" };

const names = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

const whole = (text: string, low: number, high: number): number | null =>
  /^\d{1,2}$/.test(text) && Number(text) >= low && Number(text) <= high ? Number(text) : null;

function weekdayOf(text: string): number | null {
  const named = names.indexOf(text.toLowerCase());
  const number = named >= 0 ? named : whole(text, 0, 7);
  return number === null ? null : number % 7;
}

/** What an expression says; "custom" where it says more than the other rhythms can. */
export function readCron(text: string): Times {
  const fields = text.trim().split(/\s+/);
  const custom: Times = { ...nightly, rhythm: "custom", text: text.trim() };
  const [minuteText = "", hourText = "", dayText = "", month = "", weekdayText = ""] = fields;
  const minute = whole(minuteText, 0, 59);
  if (fields.length !== 5 || minute === null || month !== "*") return custom;
  const times = { ...custom, minute };
  if (`${hourText} ${dayText} ${weekdayText}` === "* * *") return { ...times, rhythm: "hourly" };
  const hour = whole(hourText, 0, 23);
  if (hour === null) return custom;
  if (dayText === "*" && weekdayText === "*") return { ...times, hour, rhythm: "daily" };
  const [weekday, day] = [weekdayOf(weekdayText), whole(dayText, 1, 31)];
  if (dayText === "*" && weekday !== null) return { ...times, hour, weekday, rhythm: "weekly" };
  if (weekdayText === "*" && day !== null) return { ...times, hour, day, rhythm: "monthly" };
  return custom;
}

/** The expression for what the form says. */
export function writeCron({ rhythm, minute, hour, weekday, day, text }: Times): string {
  if (rhythm === "hourly") return `${minute} * * * *`;
  if (rhythm === "daily") return `${minute} ${hour} * * *`;
  if (rhythm === "weekly") return `${minute} ${hour} * * ${weekday}`;
  if (rhythm === "monthly") return `${minute} ${hour} ${day} * *`;
  return text.trim();
}

/** Hours and minutes as a time field has them: "02:05". */
export function clock({ hour, minute }: Pick<Times, "hour" | "minute">): string {
  return `${String(hour).padStart(2, "0")}:${String(minute).padStart(2, "0")}`;
}

/** The time that a time field holds, or null for an empty one. */
export function readClock(text: string): { hour: number; minute: number } | null {
  const match = /^(\d{2}):(\d{2})/.exec(text);
  return match ? { hour: Number(match[1]), minute: Number(match[2]) } : null;
}

/** The name of a day of the week in a language; 0 is Sunday. */
export function weekdayName(weekday: number, language: string): string {
  // 4 January 1970 was a Sunday.
  const day = new Date(Date.UTC(1970, 0, 4 + weekday));
  return new Intl.DateTimeFormat(language, { weekday: "long", timeZone: "UTC" }).format(day);
}
