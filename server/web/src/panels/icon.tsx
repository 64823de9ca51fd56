/** Signs on buttons as drawings: letters of a typeface would be missing on one desk or another. */
import type { JSX } from "preact";

const PATHS = {
  warning: "M8 1.5 15 14H1ZM8 5.5v4M8 11.2v1.2",
  silent: "M3 3l10 10M13 3 3 13",
  play: "M4 2.5v11l9-5.5Z",
  pause: "M4.5 3v10M11.5 3v10",
  fit: "M2 6V2h4M10 2h4v4M14 10v4h-4M6 14H2v-4",
  close: "M3.5 3.5l9 9M12.5 3.5l-9 9",
  dot: "M8 3a5 5 0 1 0 .01 0Z",
  ring: "M8 3a5 5 0 1 0 .01 0Z",
  broken: "M8 2 14.5 13.5h-13Z",
  info: "M8 7v6M8 3.2v1.6",
  check: "M2.5 8.5 6.5 12.5 13.5 4",
} as const;

const FILLED = new Set<keyof typeof PATHS>(["play", "dot", "broken"]);

export function Icon({ name }: { name: keyof typeof PATHS }): JSX.Element {
  return (
    <svg class="icon" viewBox="0 0 16 16" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} fill={FILLED.has(name) ? "currentColor" : "none"} stroke="currentColor" stroke-width={name === "pause" ? 3 : 1.8} stroke-linejoin="round" stroke-linecap="round" />
    </svg>
  );
}
