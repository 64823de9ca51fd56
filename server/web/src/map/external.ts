/** A base map of the city's own: a style, one PMTiles file or raster tiles, as set in `[map]` of the server's settings. */
import { addProtocol, type ExpressionSpecification, type FilterSpecification, type LayerSpecification, type SourceSpecification, type StyleSpecification } from "maplibre-gl";
import { PMTiles, Protocol, TileType } from "pmtiles";
import type { MapConfig } from "../api";
import type { Theme } from "../theme";
import { FONT, type Palette } from "./palette";

const SOURCE = "base";

export interface Base {
  sources: Record<string, SourceSpecification>;
  ground: LayerSpecification[];
  labels: LayerSpecification[];
  glyphs?: string;
  sprite?: StyleSpecification["sprite"];
}

export const hasExternal = (config: MapConfig): boolean => Boolean(config.style_url || config.pmtiles_url || config.raster_url);

/** The base map that the settings name. Throws when it cannot be read; the caller shows why and draws the plain ground. */
export async function externalBase(config: MapConfig, palette: Palette, theme: Theme): Promise<Base> {
  const attribution = config.attribution ?? "";
  if (config.style_url) return fromStyle(config.style_url);
  if (config.pmtiles_url) return fromPmtiles(config.pmtiles_url, attribution, palette, theme);
  if (config.raster_url) return raster({ type: "raster", tiles: [absolute(config.raster_url)], tileSize: 256, attribution }, theme);
  return { sources: {}, ground: [], labels: [] };
}

/** Tiles are fetched by a worker, which knows no page address: relative addresses are resolved here, braces kept. */
export function absolute(url: string): string {
  return new URL(url, location.href).href.replaceAll("%7B", "{").replaceAll("%7D", "}");
}

async function fromStyle(url: string): Promise<Base> {
  const response = await fetch(absolute(url), { credentials: "omit" });
  if (!response.ok) throw new Error(`HTTP ${response.status}`);
  const style = (await response.json()) as StyleSpecification;
  const isText = (layer: LayerSpecification): boolean => layer.type === "symbol";
  return {
    sources: style.sources,
    ground: style.layers.filter((layer) => !isText(layer)),
    labels: style.layers.filter(isText),
    ...(style.glyphs ? { glyphs: style.glyphs } : {}),
    ...(style.sprite ? { sprite: style.sprite } : {}),
  };
}

function raster(source: SourceSpecification, theme: Theme): Base {
  // By night a pale map would blind: it is dimmed and loses its colours.
  const paint = theme === "dark" ? { "raster-brightness-max": 0.45, "raster-saturation": -0.6 } : {};
  return { sources: { [SOURCE]: source }, ground: [{ id: "base-raster", type: "raster", source: SOURCE, paint }], labels: [] };
}

let protocol: Protocol | null = null;

/** Let the map read a file of tiles; the address by which a style names it. */
export function register(file: PMTiles): string {
  if (!protocol) {
    protocol = new Protocol();
    addProtocol("pmtiles", protocol.tile);
  }
  protocol.add(file);
  return `pmtiles://${file.source.getKey()}`;
}

async function fromPmtiles(url: string, attribution: string, p: Palette, theme: Theme): Promise<Base> {
  const file = new PMTiles(absolute(url));
  const address = register(file);
  const header = await file.getHeader();
  if (header.tileType !== TileType.Mvt) return raster({ type: "raster", url: address, tileSize: 256, attribution }, theme);
  const metadata = (await file.getMetadata()) as { vector_layers?: { id: string }[] };
  const names = new Set((metadata.vector_layers ?? []).map((layer) => layer.id));
  return { sources: { [SOURCE]: { type: "vector", url: address, attribution } }, ...vectorLayers(names, p) };
}

/** Plain layers for the two common schemas (Protomaps and OpenMapTiles): whichever source layers the file has are drawn. */
function vectorLayers(names: Set<string>, p: Palette): Pick<Base, "ground" | "labels"> {
  const first = (...wanted: string[]): string | undefined => wanted.find((name) => names.has(name));
  const ground: LayerSpecification[] = [];
  const labels: LayerSpecification[] = [];
  const fill = (name: string | undefined, colour: ExpressionSpecification | string): void => {
    if (name) ground.push({ id: `base-${name}`, type: "fill", source: SOURCE, "source-layer": name, filter: ["==", ["geometry-type"], "Polygon"], paint: { "fill-color": colour } });
  };
  const kind: ExpressionSpecification = ["coalesce", ["get", "kind"], ["get", "class"], ""];
  fill(first("earth"), p.land);
  fill(first("landcover"), p.green);
  fill(first("landuse"), ["match", kind, ["wood", "forest"], p.wood, ["park", "meadow", "grass", "cemetery", "pitch"], p.green, p.urban]);
  fill(first("water"), p.water);
  const roads = first("roads", "transportation");
  if (roads) {
    const main: FilterSpecification = ["in", kind, ["literal", ["highway", "major_road", "motorway", "trunk", "primary", "secondary"]]];
    const width = (z12: number, z18: number): ExpressionSpecification => ["interpolate", ["exponential", 1.6], ["zoom"], 8, 0.5, 12, z12, 18, z18];
    ground.push(
      { id: "base-road-minor", type: "line", source: SOURCE, "source-layer": roads, minzoom: 12, paint: { "line-color": p.road, "line-width": width(0.8, 10) } },
      { id: "base-road-main", type: "line", source: SOURCE, "source-layer": roads, filter: main, paint: { "line-color": p.roadMain, "line-width": width(2, 18) } },
    );
  }
  fill(first("buildings", "building"), p.building);
  const streets = first("roads", "transportation_name");
  if (streets) labels.push(label("base-street", streets, { "symbol-placement": "line" }, p, 13));
  const places = first("places", "place");
  if (places) labels.push(label("base-place", places, {}, p, 0));
  return { ground, labels };
}

function label(id: string, from: string, layout: { "symbol-placement"?: "line" }, p: Palette, minzoom: number): LayerSpecification {
  return {
    id, type: "symbol", source: SOURCE, "source-layer": from, minzoom,
    layout: { "text-field": ["coalesce", ["get", "name:de"], ["get", "name"], ""], "text-font": FONT, "text-size": 12, ...layout },
    paint: { "text-color": p.label, "text-halo-color": p.halo, "text-halo-width": 1.5 },
  };
}
