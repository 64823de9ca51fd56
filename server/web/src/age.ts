/** Ages and times as people read them, always judged against the situation's clock. */
import type { Feature } from "./wire";

export type Lang = "de" | "en";

const LOCALES: Record<Lang, string> = { de: "de-DE", en: "en-GB" };

/** Seconds between a time and now; null when the time is unknown or unreadable. */
export function ageSeconds(iso: string | null | undefined, nowMs: number): number | null {
  if (!iso) return null;
  const then = Date.parse(iso);
  return Number.isNaN(then) ? null : (nowMs - then) / 1000;
}

/** "12 s", "3 min 05 s", "2 h 07 min", "3 T" (German) or "3 d"; "?" for an unknown age. A time ahead of the clock gets a plus sign. */
export function formatAge(seconds: number | null, lang: Lang): string {
  if (seconds === null || !Number.isFinite(seconds)) return "?";
  if (seconds <= -1) return `+${formatAge(-seconds, lang)}`;
  const whole = Math.max(0, Math.floor(seconds));
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) {
    const rest = whole % 60;
    return `${Math.floor(whole / 60)} min ${String(rest).padStart(2, "0")} s`;
  }
  if (whole < 86_400) return `${Math.floor(whole / 3600)} h ${String(Math.floor(whole / 60) % 60).padStart(2, "0")} min`;
  const days = Math.floor(whole / 86_400);
  if (days < 365) return `${days} ${lang === "de" ? "T" : "d"}`;
  const years = Math.floor(days / 365);
  return `${years} ${lang === "de" ? (years === 1 ? "Jahr" : "Jahre") : years === 1 ? "year" : "years"}`;
}

/** A short age for tables: "12 s", "3 min", "2 h", "3 T". */
export function shortAge(seconds: number | null, lang: Lang): string {
  if (seconds === null || !Number.isFinite(seconds)) return "?";
  if (seconds < 60 || seconds >= 86_400) return formatAge(seconds, lang);
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  return `${Math.floor(seconds / 3600)} h`;
}

/** True when the feature's newest word is older than its kind allows. Without `stale_at` nothing is claimed. */
export function isStale(feature: Feature, nowMs: number): boolean {
  const limit = feature.properties.stale_at;
  return typeof limit === "string" && Date.parse(limit) <= nowMs;
}

const formats = new Map<string, Intl.DateTimeFormat>();

function format(lang: Lang, key: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const name = `${lang}:${key}`;
  let found = formats.get(name);
  if (!found) {
    found = new Intl.DateTimeFormat(LOCALES[lang], options);
    formats.set(name, found);
  }
  return found;
}

/** "14:03:27", 24 hours, in the zone of this desk. */
export function formatTime(ms: number, lang: Lang): string {
  if (!Number.isFinite(ms)) return "--:--:--";
  return format(lang, "time", { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" }).format(ms);
}

/** "Sa., 21.11.2026" or "Sat, 21/11/2026". */
export function formatDate(ms: number, lang: Lang): string {
  if (!Number.isFinite(ms)) return "";
  return format(lang, "date", { weekday: "short", day: "2-digit", month: "2-digit", year: "numeric" }).format(ms);
}

/** Time of day, with the date before it when it is another day than now. */
export function formatMoment(iso: string | null | undefined, nowMs: number, lang: Lang): string {
  const ms = iso ? Date.parse(iso) : NaN;
  if (Number.isNaN(ms)) return "?";
  const sameDay = formatDate(ms, lang) === formatDate(nowMs, lang);
  const day = format(lang, "day", { day: "2-digit", month: "2-digit", year: "numeric" }).format(ms);
  return sameDay ? formatTime(ms, lang) : `${day} ${formatTime(ms, lang)}`;
}

/** "04:12" or "1:04:12": a stretch of scenario time. */
export function formatSpan(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const tail = `${String(m).padStart(2, "0")}:${String(s).padStart(2, "0")}`;
  return h > 0 ? `${h}:${tail}` : tail;
}

/** A number in the language's form: "1.240" or "1,240", "2,1" or "2.1". */
export function formatNumber(value: number, lang: Lang, digits = 0): string {
  return numberFormat(lang, digits).format(value);
}

const numbers = new Map<string, Intl.NumberFormat>();

function numberFormat(lang: Lang, digits: number): Intl.NumberFormat {
  const name = `${lang}:${digits}`;
  let found = numbers.get(name);
  if (!found) {
    found = new Intl.NumberFormat(LOCALES[lang], { minimumFractionDigits: digits, maximumFractionDigits: digits });
    numbers.set(name, found);
  }
  return found;
}
