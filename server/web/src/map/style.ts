/** Puts the whole style together: base map below, the situation's layers above, each in its place. */
import type { GeoJSONSourceSpecification, LayerSpecification, SourceSpecification, StyleSpecification } from "maplibre-gl";
import fontRegular from "@fontsource/ibm-plex-sans/files/ibm-plex-sans-latin-400-normal.woff2?url";
import fontStrong from "@fontsource/ibm-plex-sans/files/ibm-plex-sans-latin-600-normal.woff2?url";
import type { FeatureCollection, Geometry } from "geojson";
import type { Base } from "./external";
import type { LayerFeed } from "./feed";
import type { Styled } from "./kind";
import { FONT, FONT_STRONG, type Palette } from "./palette";

export const SELECTION = "selection";
export const sourceOf = (layer: string): string => `situation-${layer}`;

/** Which style layers belong to a situation layer, to the base map, or are only texts: for the switches. */
export interface Plan {
  style: StyleSpecification;
  ofLayer: Map<string, string[]>;
  base: string[];
  texts: string[];
}

const url = (path: string): string => new URL(path, location.href).href;

function selectionLayers(p: Palette): Styled[] {
  const source = SELECTION;
  return [
    { z: 15, spec: { id: "selection-area", type: "line", source, filter: ["!=", ["geometry-type"], "Point"], layout: { "line-join": "round" }, paint: { "line-color": p.selection, "line-width": 6, "line-opacity": 0.75 } } },
    { z: 38, spec: { id: "selection-point", type: "circle", source, filter: ["==", ["geometry-type"], "Point"], paint: { "circle-radius": 27, "circle-color": p.selection, "circle-opacity": 0.22, "circle-stroke-color": p.selection, "circle-stroke-width": 3 } } },
  ];
}

export function selectionData(geometry: Geometry | null | undefined): FeatureCollection {
  return { type: "FeatureCollection", features: geometry ? [{ type: "Feature", geometry, properties: {} }] : [] };
}

export function planStyle(p: Palette, base: Base, feeds: Iterable<LayerFeed>, selected: Geometry | null | undefined): Plan {
  const sources: Record<string, SourceSpecification> = { ...base.sources };
  const ofLayer = new Map<string, string[]>();
  const pile: Styled[] = selectionLayers(p);
  for (const feed of feeds) {
    const source = sourceOf(feed.kind.name);
    const data: GeoJSONSourceSpecification = { type: "geojson", data: feed.collection(), buffer: 32, tolerance: 0.2 };
    sources[source] = data;
    const styled = feed.kind.style(source, p);
    ofLayer.set(feed.kind.name, styled.map((one) => one.spec.id));
    pile.push(...styled);
  }
  sources[SELECTION] = { type: "geojson", data: selectionData(selected) };
  pile.sort((a, b) => a.z - b.z);
  const ground: LayerSpecification = { id: "ground", type: "background", paint: { "background-color": p.land } };
  const style: StyleSpecification = {
    version: 8,
    sources,
    // Our own typeface is read from our own server; no glyph service is asked.
    "font-faces": { [FONT[0] ?? ""]: [{ url: url(fontRegular) }], [FONT_STRONG[0] ?? ""]: [{ url: url(fontStrong) }] },
    layers: [ground, ...base.ground, ...base.labels, ...pile.map((one) => one.spec)],
    ...(base.glyphs ? { glyphs: base.glyphs } : {}),
    ...(base.sprite ? { sprite: base.sprite } : {}),
  };
  return {
    style,
    ofLayer,
    base: [...base.ground, ...base.labels].map((layer) => layer.id),
    texts: [...base.labels.map((layer) => layer.id), ...pile.filter((one) => one.text).map((one) => one.spec.id)],
  };
}
