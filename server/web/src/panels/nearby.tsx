/** The nearest address to where something is: asked of the server when the panel is open, kept for a while. */
import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { formatNumber } from "../age";
import { get } from "../api";
import { lang, t } from "../i18n";
import { config } from "../state";
import type { Feature } from "../wire";

interface Nearby {
  label: string;
  distance_m: number;
}

const LAYERS = new Set(["units", "reports", "drones"]);
/** About ten metres: what moves less is not asked again. */
const DIGITS = 4;
const MOST_KEPT = 300;
const kept = new Map<string, Nearby | null>();

async function ask(key: string, lon: number, lat: number): Promise<Nearby | null> {
  const known = kept.get(key);
  if (known !== undefined) return known;
  const { found } = await get<{ found: Nearby | null }>(`/base/reverse?lon=${lon}&lat=${lat}`);
  kept.set(key, found);
  const oldest = kept.keys().next();
  if (kept.size > MOST_KEPT && !oldest.done) kept.delete(oldest.value);
  return found;
}

export function NearAddress({ feature }: { feature: Feature }): JSX.Element | null {
  const found = useSignal<Nearby | null>(null);
  const geometry = feature.geometry;
  const place = geometry?.type === "Point" ? geometry.coordinates : null;
  const lon = Number(place?.[0]);
  const lat = Number(place?.[1]);
  const key = place && config.value?.base && LAYERS.has(feature.properties.layer) ? `${lon.toFixed(DIGITS)},${lat.toFixed(DIGITS)}` : "";
  useEffect(() => {
    let over = false;
    found.value = null;
    if (key) {
      ask(key, lon, lat).then(
        (answer) => {
          if (!over) found.value = answer;
        },
        // The panel says everything else without it.
        (error: unknown) => console.debug("no address nearby", error),
      );
    }
    return () => {
      over = true;
    };
  }, [key]);
  if (!found.value) return null;
  return (
    <>
      <dt>{t("detail.near")}</dt>
      <dd data-key="near_address">
        <span class="value">{found.value.label}</span>
        <small>{formatNumber(found.value.distance_m, lang.value)} m</small>
      </dd>
    </>
  );
}
