/** Light, dark, or as the system has it. The choice is kept for this desk. */
import { computed, effect, signal } from "@preact/signals";

export type ThemeChoice = "auto" | "light" | "dark";
export type Theme = "light" | "dark";

const STORAGE_KEY = "lagebild.theme";

export const themeChoice = signal<ThemeChoice>("auto");
const systemDark = signal(false);

/** The theme in force. */
export const theme = computed<Theme>(() => {
  if (themeChoice.value !== "auto") return themeChoice.value;
  return systemDark.value ? "dark" : "light";
});

export function startTheme(): void {
  const kept = localStorage.getItem(STORAGE_KEY);
  if (kept === "light" || kept === "dark") themeChoice.value = kept;
  const query = matchMedia("(prefers-color-scheme: dark)");
  systemDark.value = query.matches;
  query.addEventListener("change", (event) => (systemDark.value = event.matches));
  effect(() => {
    document.documentElement.dataset["theme"] = theme.value;
  });
}

export function chooseTheme(choice: ThemeChoice): void {
  themeChoice.value = choice;
  localStorage.setItem(STORAGE_KEY, choice);
}

/** True when the desk asked for less movement. */
export const calm = (): boolean => matchMedia("(prefers-reduced-motion: reduce)").matches;
