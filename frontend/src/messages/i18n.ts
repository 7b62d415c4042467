/** Words in two languages, and numbers, times and sizes written the way each of them writes these. */
import i18next from "i18next";
import { initReactI18next } from "react-i18next";
import en from "./en.json";

export const languages = { en: "English", "zh-CN": "简体中文" } as const;
export type Language = keyof typeof languages;

const storageKey = "annotator.language";

declare module "i18next" {
  interface CustomTypeOptions {
    defaultNS: "translation";
    resources: { translation: typeof en };
  }
}

function preferred(): Language {
  const stored = localStorage.getItem(storageKey);
  if (stored && stored in languages) return stored as Language;
  return navigator.language.toLowerCase().startsWith("zh") ? "zh-CN" : "en";
}

async function load(language: Language): Promise<void> {
  if (language === "zh-CN" && !i18next.hasResourceBundle("zh-CN", "translation")) {
    const { default: messages } = await import("./zh-CN.json");
    i18next.addResourceBundle("zh-CN", "translation", messages);
  }
}

export async function startI18n(): Promise<void> {
  await i18next.use(initReactI18next).init({
    lng: "en",
    fallbackLng: "en",
    resources: { en: { translation: en } },
    interpolation: { escapeValue: false },
  });
  await setLanguage(preferred(), false);
}

export async function setLanguage(language: Language, remember = true): Promise<void> {
  await load(language);
  await i18next.changeLanguage(language);
  document.documentElement.lang = language;
  if (remember) localStorage.setItem(storageKey, language);
}

export function currentLanguage(): Language {
  return i18next.language in languages ? (i18next.language as Language) : "en";
}

const formats = new Map<Language, Intl.NumberFormat>();

/** Making a format takes longer than the rest of a page's answer to a key, so each is made once. */
function numberFormat(): Intl.NumberFormat {
  const language = currentLanguage();
  const known = formats.get(language) ?? new Intl.NumberFormat(language);
  formats.set(language, known);
  return known;
}

export function count(value: number): string {
  return numberFormat().format(value);
}

/** A share as per cent with the given decimals: 0.868 → "86.8 %". */
export function percent(share: number, decimals = 0): string {
  const number = (share * 100).toFixed(decimals);
  return currentLanguage() === "zh-CN" ? `${number}%` : `${number}\u202f%`;
}

export function fileSize(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  const step = bytes < 1 ? 0 : Math.min(Math.floor(Math.log10(bytes) / 3), units.length - 1);
  const value = bytes / 1000 ** step;
  return `${value < 10 && step > 0 ? value.toFixed(1) : Math.round(value)} ${units[step]}`;
}

/** A length of time in its largest useful unit: "38 s", "14 min", "2 h". */
export function duration(seconds: number): string {
  const style = { style: "unit", unitDisplay: "short", maximumFractionDigits: 0 } as const;
  const format = (value: number, unit: string) =>
    new Intl.NumberFormat(currentLanguage(), { ...style, unit }).format(value);
  if (seconds < 60) return format(Math.max(Math.round(seconds), 0), "second");
  if (seconds < 5_400) return format(seconds / 60, "minute");
  if (seconds < 172_800) return format(seconds / 3_600, "hour");
  return format(seconds / 86_400, "day");
}

export function dateTime(iso: string): string {
  return new Intl.DateTimeFormat(currentLanguage(), { dateStyle: "medium", timeStyle: "short" }).format(
    new Date(iso),
  );
}

/** Seconds since the moment. */
export function ago(iso: string, now = Date.now()): number {
  return Math.max(0, (now - Date.parse(iso)) / 1000);
}
