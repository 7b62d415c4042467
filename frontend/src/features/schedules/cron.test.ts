import { describe, expect, it } from "vitest";
import { clock, nightly, readClock, readCron, weekdayName, writeCron } from "./cron";

describe("a cron expression", () => {
  it("is read as the rhythm that it says, and written back as it was", () => {
    const known = {
      "15 * * * *": "hourly",
      "30 2 * * *": "daily",
      "0 6 * * 6": "weekly",
      "5 0 31 * *": "monthly",
    };
    for (const [text, rhythm] of Object.entries(known)) {
      const times = readCron(text);
      expect([text, times.rhythm]).toEqual([text, rhythm]);
      expect(writeCron(times)).toBe(text);
    }
  });

  it("names days by word or number, and Sunday is 0 or 7", () => {
    expect(readCron("0 6 * * sat")).toMatchObject({ rhythm: "weekly", weekday: 6 });
    expect(readCron("0 6 * * 7")).toMatchObject({ rhythm: "weekly", weekday: 0 });
  });

  it("that says more stays as it is written", () => {
    for (const text of [
      "*/5 * * * *",
      "0 6 1 * mon",
      "0 6 * 1 *",
      "0 6 * * mon-fri",
      "0 6,18 * * *",
      "nonsense",
      "60 2 * * *",
    ]) {
      const times = readCron(` ${text} `);
      expect([text, times.rhythm]).toEqual([text, "custom"]);
      expect(writeCron(times)).toBe(text);
    }
  });

  it("is made anew when the rhythm changes", () => {
    expect(writeCron({ ...nightly, rhythm: "weekly", weekday: 5 })).toBe("0 2 * * 5");
    expect(writeCron({ ...nightly, rhythm: "hourly", minute: 7 })).toBe("7 * * * *");
  });
});

it("times of day go to a time field and back", () => {
  expect(clock({ hour: 2, minute: 5 })).toBe("02:05");
  expect(readClock("23:59:00")).toEqual({ hour: 23, minute: 59 });
  expect(readClock("")).toBeNull();
});

it("days of the week have their names in the language", () => {
  expect(weekdayName(0, "en")).toBe("Sunday");
  expect(weekdayName(6, "zh-CN")).toBe("星期六");
});
