/** The search box over the map: an address, a crossing or an object, offered as hits; choosing one flies there. */
import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { ApiError, get } from "../api";
import { formatNumber } from "../age";
import { lang, t, valueName } from "../i18n";
import { mapView } from "../mapview";
import { config, selected } from "../state";

export interface Hit {
  kind: string;
  label: string;
  lon: number;
  lat: number;
  accuracy_m: number;
  score: number;
}

const PAUSE_MS = 250;
const LEAST_LETTERS = 2;

/** Fly to a place and mark it; it is no feature, so nothing is selected unless what is selected shall `stay`. */
export function flyTo(hit: { lon: number; lat: number }, stay = false): void {
  if (!stay) selected.value = null;
  const point = { type: "Point" as const, coordinates: [hit.lon, hit.lat] };
  mapView.value?.goTo(point);
  mapView.value?.select(point);
}

export function Search(): JSX.Element | null {
  const text = useSignal("");
  const hits = useSignal<Hit[]>([]);
  const note = useSignal("");
  const active = useSignal(-1);
  const asked = useRef(0);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  if (!config.value?.base) return null;

  const forget = (): void => {
    asked.current += 1;
    clearTimeout(timer.current);
    hits.value = [];
    note.value = "";
    active.value = -1;
  };
  const ask = async (): Promise<void> => {
    const turn = ++asked.current;
    const centre = mapView.value?.camera.center;
    const near = centre ? `&lon=${centre[0].toFixed(5)}&lat=${centre[1].toFixed(5)}` : "";
    try {
      const answer = await get<{ hits: Hit[] }>(`/base/geocode?limit=8&q=${encodeURIComponent(text.value.trim())}${near}`);
      if (turn !== asked.current) return;
      hits.value = answer.hits;
      active.value = answer.hits.length ? 0 : -1;
      note.value = answer.hits.length ? t("search.hits", { n: answer.hits.length }) : t("search.none");
    } catch (error) {
      if (!(error instanceof Error) || turn !== asked.current) return;
      hits.value = [];
      note.value = error instanceof ApiError && error.status === 429 ? t("search.wait") : t("search.failed");
    }
  };
  const typed = (value: string): void => {
    text.value = value.slice(0, 200);
    forget();
    if (value.trim().length >= LEAST_LETTERS) timer.current = setTimeout(() => void ask(), PAUSE_MS);
  };
  const choose = (hit: Hit | undefined): void => {
    if (!hit) return;
    forget();
    text.value = hit.label;
    flyTo(hit);
  };
  const pressed = (event: KeyboardEvent): void => {
    const last = hits.value.length - 1;
    if (event.key === "ArrowDown") active.value = Math.min(last, active.value + 1);
    else if (event.key === "ArrowUp") active.value = Math.max(0, active.value - 1);
    else if (event.key === "Escape" && (text.value || note.value)) typed("");
    else return;
    event.preventDefault();
  };
  const submit = (event: Event): void => {
    event.preventDefault();
    if (hits.value.length) choose(hits.value[active.value]);
    else if (text.value.trim().length >= LEAST_LETTERS) {
      clearTimeout(timer.current);
      void ask();
    }
  };
  const open = hits.value.length > 0;
  return (
    <form class="search" role="search" onSubmit={submit} data-testid="search">
      <input
        type="text" role="combobox" aria-expanded={open} aria-controls="search-hits" aria-autocomplete="list" autocomplete="off" maxLength={200}
        aria-label={t("search.label")} aria-activedescendant={open && active.value >= 0 ? `search-hit-${active.value}` : undefined}
        placeholder={t("search.label")} value={text.value} onInput={(event) => typed(event.currentTarget.value)} onKeyDown={pressed}
      />
      <ul id="search-hits" role="listbox" aria-label={t("search.label")} hidden={!open}>
        {hits.value.map((hit, index) => (
          <li key={index} id={`search-hit-${index}`} role="option" aria-selected={index === active.value} onClick={() => choose(hit)}>
            <span>{hit.label}</span>
            <small>{hitText(hit)}</small>
          </li>
        ))}
      </ul>
      <p class={open || !note.value ? "search-note hidden-text" : "search-note"} role="status">{note.value}</p>
    </form>
  );
}

/** "Haus · ± 15 m · 96 %" */
export function hitText(hit: Hit): string {
  return `${valueName("hit", hit.kind)} · ± ${formatNumber(hit.accuracy_m, lang.value)} m · ${formatNumber(hit.score * 100, lang.value)} %`;
}
