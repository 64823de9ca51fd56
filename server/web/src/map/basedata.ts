/** The server's own base data: vector tiles of docs/base.md, in the quiet colours of the house, by day and by night. */
import type { DataDrivenPropertyValueSpecification, ExpressionSpecification, FilterSpecification, LayerSpecification } from "maplibre-gl";
import { FetchSource, PMTiles } from "pmtiles";
import { authorization, type BaseInfo } from "../api";
import { baseLabels } from "./baselabels";
import { absolute, register, type Base } from "./external";
import type { Palette } from "./palette";

export const BASE_SOURCE = "base";
const EARTH_M = 40_075_016.7;
const TILE_PX = 512;

/** Metres of carriageway where no width is tagged (RASt 06 and RAL cross sections, rounded). */
const WIDTH_M: [kind: string, metres: number][] = [
  ["motorway", 12], ["trunk", 10], ["primary", 8], ["secondary", 7.5], ["tertiary", 6.5], ["unclassified", 5.5], ["residential", 5.5],
  ["living_street", 5], ["pedestrian", 5], ["service", 3.5], ["track", 2.5],
];
/** No road is thinner on the screen than this, in pixels at zoom 8, 12 and 15: what leads somewhere stays visible. */
const LEAST_PX: [kinds: string[], z8: number, z12: number, z15: number][] = [
  [["motorway", "trunk"], 1.4, 3, 5.5],
  [["primary"], 1, 2.4, 4.6],
  [["secondary"], 0.8, 2, 4],
  [["tertiary"], 0.6, 1.6, 3.4],
  [["unclassified", "residential", "living_street", "pedestrian"], 0.4, 0.8, 2.6],
];
export const MINOR = ["service", "track"];
export const PATHS = ["footway", "cycleway", "path", "steps"];

export const is = (...values: string[]): ExpressionSpecification => ["in", ["get", "kind"], ["literal", values]];
const not = (filter: ExpressionSpecification): ExpressionSpecification => ["!", filter];
const all = (...filters: ExpressionSpecification[]): ExpressionSpecification => ["all", ...filters];
const has = (key: string): ExpressionSpecification => ["has", key];

let opened: PMTiles | null = null;

/** The base map of the server's own data; tiles are asked for with the token of the session. */
export function dataBase(info: BaseInfo, palette: Palette): Base {
  const url = absolute(info.tiles);
  if (opened?.source.getKey() !== url) opened = new PMTiles(new FetchSource(url, new Headers(authorization())));
  else (opened.source as FetchSource).setHeaders(new Headers(authorization()));
  const latitude = (info.bbox[1] + info.bbox[3]) / 2;
  return {
    sources: { [BASE_SOURCE]: { type: "vector", url: register(opened), attribution: info.attribution } },
    ground: groundLayers(palette, latitude),
    labels: baseLabels(palette),
  };
}

/** Pixels of a metre at a zoom. */
const pxPerM = (zoom: number, latitude: number): number => (TILE_PX * 2 ** zoom) / (EARTH_M * Math.cos((latitude * Math.PI) / 180));

/** A road in its true width, never thinner than LEAST_PX; `extra` pixels for its edge. */
function roadWidth(latitude: number, extra: number): ExpressionSpecification {
  const kind: ExpressionSpecification = ["get", "kind"];
  const metres = ["coalesce", ["get", "width_m"], ["match", kind, ...WIDTH_M.flat(), 2]] as unknown as ExpressionSpecification;
  const slim: ExpressionSpecification = ["case", ["has", "link"], 0.7, 1];
  const at = (zoom: number, column: 1 | 2 | 3): ExpressionSpecification => {
    const least = ["match", kind, ...LEAST_PX.flatMap((row) => [row[0], row[column]]), [0.3, 0.6, 1.2][column - 1]] as unknown as ExpressionSpecification;
    return ["+", ["max", ["*", least, slim], ["*", metres, slim, pxPerM(zoom, latitude)]], extra];
  };
  // Base 2: between two stops a metre grows with the map, so a road keeps its true width from zoom 15 on.
  return ["interpolate", ["exponential", 2], ["zoom"], 8, at(8, 1), 12, at(12, 2), 15, at(15, 3), 20, at(20, 3)];
}

function fill(id: string, from: string, colour: DataDrivenPropertyValueSpecification<string>, more: { filter?: FilterSpecification; minzoom?: number; outline?: string; opacity?: number } = {}): LayerSpecification {
  return {
    id: `base-${id}`, type: "fill", source: BASE_SOURCE, "source-layer": from, minzoom: more.minzoom ?? 0, filter: more.filter ?? ["==", ["geometry-type"], "Polygon"],
    paint: { "fill-color": colour, ...(more.outline ? { "fill-outline-color": more.outline } : {}), "fill-opacity": more.opacity ?? 1 },
  };
}

function line(id: string, from: string, colour: DataDrivenPropertyValueSpecification<string>, width: DataDrivenPropertyValueSpecification<number>, more: { filter?: FilterSpecification; minzoom?: number; dash?: number[]; cap?: "round" | "butt"; opacity?: number } = {}): LayerSpecification {
  return {
    id: `base-${id}`, type: "line", source: BASE_SOURCE, "source-layer": from, minzoom: more.minzoom ?? 0, filter: more.filter ?? true,
    layout: { "line-join": "round", "line-cap": more.cap ?? "round" },
    paint: { "line-color": colour, "line-width": width, "line-opacity": more.opacity ?? 1, ...(more.dash ? { "line-dasharray": more.dash } : {}) },
  };
}

function groundLayers(p: Palette, latitude: number): LayerSpecification[] {
  return [...areas(p), ...water(p), ...ways(p, latitude)];
}

function areas(p: Palette): LayerSpecification[] {
  const colour: ExpressionSpecification = [
    "match", ["get", "kind"],
    ["forest", "wood", "scrub"], p.wood,
    ["meadow", "grass", "park", "garden", "playground", "pitch", "cemetery", "allotments", "orchard", "vineyard", "reserve", "sports", "camp", "wetland"], p.green,
    ["heath", "farmland"], p.field,
    ["school", "hospital"], p.special,
    ["residential", "parking", "farmyard"], p.urban,
    ["commercial", "retail", "industrial", "railway", "military", "quarry", "construction", "airport"], p.works,
    ["square", "bridge", "sand", "rock"], p.square,
    p.land,
  ];
  // Small things lie upon large ones: a playground in a park, a school in its quarter.
  const upon = ["school", "hospital", "square", "bridge", "parking", "playground", "pitch", "garden", "grass", "cemetery", "park", "sports"];
  return [fill("land", "landuse", colour, { filter: not(is(...upon)) }), fill("land-upon", "landuse", colour, { filter: is(...upon) })];
}

function water(p: Palette): LayerSpecification[] {
  const width: ExpressionSpecification = [
    "interpolate", ["exponential", 1.6], ["zoom"],
    8, ["match", ["get", "kind"], ["river", "canal"], 1.2, 0.3],
    14, ["match", ["get", "kind"], ["river", "canal"], 3.5, "stream", 1.4, 0.8],
    19, ["match", ["get", "kind"], ["river", "canal"], 20, "stream", 8, 4],
  ];
  return [fill("water", "water", p.water), line("waterway", "waterway", p.water, width)];
}

function ways(p: Palette, latitude: number): LayerSpecification[] {
  const car = not(is("track", ...PATHS));
  const main = is("motorway", "trunk", "primary", "secondary", "tertiary");
  const inside = (filter: ExpressionSpecification): ExpressionSpecification => all(filter, not(has("tunnel")), not(has("bridge")));
  const width = (extra = 0): ExpressionSpecification => roadWidth(latitude, extra);
  const colour: ExpressionSpecification = ["match", ["get", "kind"], ["motorway", "trunk"], p.roadFast, ["primary", "secondary"], p.roadMain, p.road];
  const path = (id: string, filter: ExpressionSpecification): LayerSpecification => line(id, "road", p.path, ["interpolate", ["linear"], ["zoom"], 14, 0.9, 18, 2.6], { filter, minzoom: 14, dash: [2, 1.6], cap: "butt" });
  const rail: ExpressionSpecification = ["interpolate", ["linear"], ["zoom"], 10, 0.7, 14, 1.6, 18, 3];
  const above = all(has("bridge"), car);
  return [
    line("tunnel", "road", p.path, width(), { filter: all(has("tunnel"), car), minzoom: 13, dash: [1.2, 1], cap: "butt", opacity: 0.6 }),
    fill("building", "building", ["match", ["coalesce", ["get", "use"], ""], PUBLIC, p.buildingPublic, p.building], { minzoom: 13, outline: p.buildingEdge }),
    path("path", inside(is(...PATHS))),
    line("track", "road", p.path, width(), { filter: inside(is("track")), minzoom: 13, dash: [5, 1.5], cap: "butt" }),
    line("road-edge", "road", p.roadEdge, width(1.6), { filter: inside(car), minzoom: 13 }),
    line("road-minor", "road", p.road, width(), { filter: inside(all(car, not(main))), minzoom: 12 }),
    line("road-main", "road", colour, width(), { filter: inside(main) }),
    line("rail", "rail", p.rail, rail, { filter: not(has("tunnel")) }),
    line("rail-sleepers", "rail", p.land, ["*", 0.55, 1.6], { filter: all(is("rail", "light_rail", "narrow_gauge"), not(has("tunnel"))), minzoom: 13, dash: [3, 3], cap: "butt" }),
    path("path-bridge", all(has("bridge"), is("track", ...PATHS))),
    line("bridge-edge", "road", p.bridgeEdge, width(2.6), { filter: above, minzoom: 13, cap: "butt" }),
    line("bridge", "road", colour, width(), { filter: above }),
    line("boundary", "boundary", p.boundary, ["interpolate", ["linear"], ["zoom"], 8, 0.8, 14, 1.8], { filter: ["<=", ["get", "level"], 8], dash: [4, 2, 1, 2], cap: "butt" }),
  ];
}

/** Uses of buildings where many people are, or people who need help to get out. */
const PUBLIC = [
  "hospital", "clinic", "school", "kindergarten", "university", "college", "townhall", "fire_station", "police", "place_of_worship", "church",
  "social_facility", "nursing_home", "community_centre", "events_venue", "theatre", "cinema", "library", "museum", "hotel", "monastery", "civic", "public",
];
