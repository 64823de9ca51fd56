/** Language of the screen: German unless the desk chose English. Reading `lang` or calling `t` in a component subscribes it. */
import { signal } from "@preact/signals";
import type { Lang } from "../age";
import { de, type Key } from "./de";
import { deFields } from "./de-fields";
import { en } from "./en";
import { enFields } from "./en-fields";

export type { Key };

const STORAGE_KEY = "lagebild.lang";

export const lang = signal<Lang>("de");

export function chooseLang(value: Lang, storage?: Storage): void {
  lang.value = value;
  storage?.setItem(STORAGE_KEY, value);
  if (typeof document !== "undefined") document.documentElement.lang = value;
}

/** The language chosen on this desk, else the server's, else German. */
export function startLang(storage: Storage, offered: string | undefined): void {
  const kept = storage.getItem(STORAGE_KEY);
  const wanted = kept ?? offered;
  chooseLang(wanted === "en" ? "en" : "de");
}

export function fill(text: string, values: Record<string, string | number>): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => (name in values ? String(values[name]) : whole));
}

/** "vor 6 Jahren": a span of time after a preposition. */
export const dative = (span: string): string => (lang.value === "de" ? span.replace(/Jahre$/, "Jahren") : span);

/** A text of the screen, its `{names}` filled in. */
export function t(key: Key, values: Record<string, string | number> = {}): string {
  return fill((lang.value === "de" ? de : en)[key], values);
}

/** The same for a key that is put together; what is missing is shown as its last part, so nothing is ever empty. */
export function tMaybe(key: string): string {
  const table: Record<string, string> = lang.value === "de" ? de : en;
  return table[key] ?? humanised(key.slice(key.lastIndexOf(".") + 1));
}

/** A reason as the server tells it: the code of layers/reasons.py, and what its words name. */
export interface Why {
  code: string;
  [value: string]: string;
}

/** A reason in words; of a code that this screen does not know yet, where to look for it. */
export function whyText(why: Why): string {
  const table: Record<string, string> = lang.value === "de" ? de : en;
  return fill(table[`why.${why.code}`] ?? t("why.other"), why);
}

/** The same of a property of a feature, which may be anything. */
export const isWhy = (value: unknown): value is Why => typeof value === "object" && value !== null && typeof (value as Why).code === "string";

/** The name of a property. */
export function fieldName(property: string): string {
  return named(`field.${property}`, property);
}

/** The word for a value of a property, e.g. state `en_route`; a value without a word is shown as it came. */
export function valueName(property: string, value: string | number): string {
  const table = lang.value === "de" ? deFields : enFields;
  const found = table[`value.${property}.${value}`];
  if (found !== undefined) return found;
  const text = String(value);
  if (/^[a-z]+(_[a-z]+)+$/.test(text)) return text.replaceAll("_", " ");
  return /^[a-z]+([A-Z][a-z]+)+$/.test(text) ? text.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`) : text;
}

export function flagName(flag: string): string {
  return named(`flag.${flag}`, flag);
}

export function partName(part: string): string {
  return named(`part.${part.replace(/-\d+$/, "")}`, part);
}

function named(key: string, fallback: string): string {
  return (lang.value === "de" ? deFields : enFields)[key] ?? humanised(fallback);
}

function humanised(name: string): string {
  const words = name.replace(/_(at|s|m|m2|pm2|mps|deg|pct)$/, "").replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}
