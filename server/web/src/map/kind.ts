/** What every layer of the map has in common: how a feature of the situation becomes features of the map. */
import type { LayerSpecification } from "maplibre-gl";
import type { Feature as GeoFeature, Geometry } from "geojson";
import type { Lang } from "../age";
import type { Feature } from "../wire";
import type { Palette } from "./palette";

export interface Look {
  stale: boolean;
  lang: Lang;
  /** Its turn among the signs that stand on the same spot: they are drawn side by side. */
  slot: number;
}

/** A feature of the map: `id` is unique in its source, `fid` is the feature of the situation that a click selects. */
export type MapFeature = GeoFeature<Geometry, { fid: string; stale: boolean; [key: string]: unknown }> & { id: string };

/** A style layer with its place in the pile: areas 10, lines 20, small things 30 to 50, units 60, missions 70, texts 80. */
export interface Styled {
  z: number;
  spec: LayerSpecification;
  /** Only text: goes with the switch for labels. */
  text?: boolean;
}

export interface LayerKind {
  /** Name of the situation's layer. */
  name: string;
  present(feature: Feature, look: Look): MapFeature[];
  /** Whether it is drawn at this time; without it, always. */
  holds?(feature: Feature, nowMs: number): boolean;
  /** Signs with the same spot would hide each other; null: this one stands alone. */
  spot?(feature: Feature): string | null;
  style(source: string, palette: Palette): Styled[];
}

export function mapFeature(feature: Feature, look: Look, properties: Record<string, unknown>, geometry = feature.geometry, part = ""): MapFeature[] {
  if (!geometry) return [];
  const id = part ? `${feature.id}|${part}` : feature.id;
  return [{ type: "Feature", id, geometry, properties: { ...properties, fid: feature.id, stale: look.stale } }];
}

export const wear = (look: Look): string => (look.stale ? "stale" : "fresh");

export function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

export function number(value: unknown): number | null {
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}
