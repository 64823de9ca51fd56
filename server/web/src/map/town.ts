/** The town's own vector layers, drawn when no other base map is set: needs no network beyond our server. */
import type { ExpressionSpecification, LayerSpecification } from "maplibre-gl";
import type { Feature, FeatureCollection, Geometry, Point } from "geojson";
import { centre } from "./geometry";
import { FONT, FONT_STRONG, type Palette } from "./palette";

export const TOWN_SOURCE = "town";

type Properties = Record<string, unknown>;
export type Town = FeatureCollection<Geometry, Properties> & { attribution?: string; bbox?: [number, number, number, number] };

/** Pixels per metre at zoom 10 and 20 in the latitude of the town (51.83 degrees). */
const PX_PER_M = { 10: 0.0212, 20: 21.68 };

/** The town with a point for each text: a polygon that crosses a tile's border would otherwise be named twice. */
export function withLabels(town: Town): Town {
  const labels: Feature<Point, Properties>[] = [];
  for (const feature of town.features) {
    const { class: kind, name, housenumber } = feature.properties;
    if (feature.geometry.type !== "Polygon" || (!name && !housenumber)) continue;
    const at = centre(feature.geometry);
    if (at) labels.push({ type: "Feature", geometry: at, properties: { ...feature.properties, class: `${String(kind)}_label` } });
  }
  return { ...town, features: [...town.features, ...labels] };
}

const of = (kind: string): ExpressionSpecification => ["==", ["get", "class"], kind];
const kinds = (kind: string, names: string[]): ExpressionSpecification => ["all", of(kind), ["in", ["get", "kind"], ["literal", names]]];

function metres(extra: number, least: number): ExpressionSpecification {
  const width: ExpressionSpecification = ["+", ["coalesce", ["get", "width_m"], 4], extra];
  return [
    "interpolate", ["exponential", 2], ["zoom"],
    10, ["max", least, ["*", width, PX_PER_M[10]]],
    20, ["max", least, ["*", width, PX_PER_M[20]]],
  ];
}

function fills(p: Palette): LayerSpecification[] {
  const colour: ExpressionSpecification = [
    "match", ["get", "kind"],
    "heath", p.heath, "wood", p.wood, ["meadow", "park", "pitch", "allotments", "cemetery", "rampart"], p.green,
    ["school", "hospital", "fire_station"], p.special, ["residential", "parking"], p.urban, p.land,
  ];
  return [
    { id: "town-landuse", type: "fill", source: TOWN_SOURCE, filter: of("landuse"), paint: { "fill-color": colour } },
    { id: "town-water", type: "fill", source: TOWN_SOURCE, filter: of("water"), paint: { "fill-color": p.water } },
    { id: "town-waterway", type: "line", source: TOWN_SOURCE, filter: of("waterway"), paint: { "line-color": p.water, "line-width": metres(0, 1) } },
    { id: "town-square", type: "fill", source: TOWN_SOURCE, filter: of("square"), paint: { "fill-color": p.square } },
  ];
}

function ways(p: Palette): LayerSpecification[] {
  const round = { "line-cap": "round", "line-join": "round" } as const;
  const main: ExpressionSpecification = ["match", ["get", "kind"], ["primary", "secondary"], p.roadMain, p.road];
  return [
    { id: "town-path", type: "line", source: TOWN_SOURCE, filter: of("path"), minzoom: 14, layout: round, paint: { "line-color": p.path, "line-width": metres(0, 0.8), "line-dasharray": [2, 1.6] } },
    { id: "town-road-edge", type: "line", source: TOWN_SOURCE, filter: of("road"), minzoom: 14, layout: round, paint: { "line-color": p.roadEdge, "line-width": metres(1.4, 2.4) } },
    { id: "town-road", type: "line", source: TOWN_SOURCE, filter: of("road"), layout: round, paint: { "line-color": main, "line-width": metres(0, 1.4) } },
  ];
}

function houses(p: Palette): LayerSpecification[] {
  const publicKinds = ["townhall", "hospital", "fire_station", "school", "kindergarten", "social_facility", "place_of_worship", "events_venue", "library", "monastery"];
  return [
    {
      id: "town-building", type: "fill", source: TOWN_SOURCE, filter: of("building"), minzoom: 14,
      paint: { "fill-color": ["match", ["get", "kind"], publicKinds, p.buildingPublic, p.building], "fill-outline-color": p.buildingEdge },
    },
    { id: "town-tree", type: "circle", source: TOWN_SOURCE, filter: kinds("poi", ["tree"]), minzoom: 16, paint: { "circle-color": p.tree, "circle-radius": ["interpolate", ["exponential", 2], ["zoom"], 16, 2, 19, 9] } },
    { id: "town-hydrant", type: "symbol", source: TOWN_SOURCE, filter: of("hydrant"), minzoom: 16, layout: { "icon-image": ["concat", "hydrant/", ["get", "kind"]], "icon-size": ["interpolate", ["linear"], ["zoom"], 16, 0.6, 18, 1] } },
  ];
}

function labels(p: Palette): LayerSpecification[] {
  const halo = { "text-halo-color": p.halo, "text-halo-width": 1.4 };
  const name: ExpressionSpecification = ["get", "name"];
  return [
    { id: "town-label-number", type: "symbol", source: TOWN_SOURCE, filter: ["all", of("building_label"), ["!", ["has", "name"]]], minzoom: 17, layout: { "text-field": ["get", "housenumber"], "text-font": FONT, "text-size": 10.5 }, paint: { "text-color": p.labelQuiet, ...halo } },
    { id: "town-label-area", type: "symbol", source: TOWN_SOURCE, filter: ["in", ["get", "class"], ["literal", ["landuse_label", "square_label", "water_label"]]], minzoom: 14.5, layout: { "text-field": name, "text-font": FONT, "text-size": 12, "text-max-width": 8 }, paint: { "text-color": ["match", ["get", "class"], "water_label", p.labelWater, p.labelQuiet], ...halo } },
    { id: "town-label-building", type: "symbol", source: TOWN_SOURCE, filter: ["all", of("building_label"), ["has", "name"]], minzoom: 15.5, layout: { "text-field": name, "text-font": FONT, "text-size": 11.5, "text-max-width": 7 }, paint: { "text-color": p.label, ...halo } },
    {
      id: "town-label-street", type: "symbol", source: TOWN_SOURCE, filter: ["all", ["in", ["get", "class"], ["literal", ["road", "path"]]], ["has", "name"]], minzoom: 14,
      layout: { "symbol-placement": "line", "text-field": name, "text-font": FONT_STRONG, "text-size": ["interpolate", ["linear"], ["zoom"], 14, 10.5, 18, 14], "symbol-spacing": 320, "text-letter-spacing": 0.02, "text-padding": 4 },
      paint: { "text-color": p.label, "text-halo-color": p.halo, "text-halo-width": 1.6 },
    },
  ];
}

/** All layers of the town from the ground up; `labels` apart, because they can be switched off. */
export function townLayers(p: Palette): { ground: LayerSpecification[]; labels: LayerSpecification[] } {
  return { ground: [...fills(p), ...ways(p), ...houses(p)], labels: labels(p) };
}
