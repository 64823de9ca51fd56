/** Names, numbers and signs of the base data. Names are German where the map has them: the tiles see to that. */
import type { ExpressionSpecification, FilterSpecification, LayerSpecification, SymbolLayerSpecification } from "maplibre-gl";
import { BASE_SOURCE, is, MINOR, PATHS } from "./basedata";
import { FONT, FONT_STRONG, type Palette } from "./palette";

type Layout = NonNullable<SymbolLayerSpecification["layout"]>;
type Size = number | ExpressionSpecification;

const NAME: ExpressionSpecification = ["get", "name"];

/** Signs that are worth their place from far away; the others come closer in. */
const VITAL = ["fire_station", "ambulance_station", "hospital", "police", "assembly_point", "landing_site", "rescue_point", "key_safe", "control_centre", "hazardous_site"];

export function baseLabels(p: Palette): LayerSpecification[] {
  const text = (id: string, from: string, minzoom: number, colour: string | ExpressionSpecification, layout: Layout, filter?: FilterSpecification): LayerSpecification => ({
    id: `base-${id}`, type: "symbol", source: BASE_SOURCE, "source-layer": from, minzoom, filter: filter ?? ["has", "name"],
    layout: { "text-field": NAME, "text-font": FONT, "text-size": 12, ...layout },
    paint: { "text-color": colour, "text-halo-color": p.halo, "text-halo-width": 1.5 },
  });
  const street = (id: string, minzoom: number, size: Size, kinds: ExpressionSpecification): LayerSpecification =>
    text(id, "road", minzoom, p.label, { "symbol-placement": "line", "text-font": FONT_STRONG, "text-size": size, "symbol-spacing": 320, "text-letter-spacing": 0.02, "text-padding": 4 }, ["all", ["has", "name"], kinds]);
  const main = is("motorway", "trunk", "primary", "secondary", "tertiary");
  const quiet = is(...MINOR, ...PATHS);
  return [
    text("number", "housenumber", 16.5, p.labelQuiet, { "text-field": ["get", "housenumber"], "text-size": ["interpolate", ["linear"], ["zoom"], 16.5, 9.5, 19, 12.5], "text-padding": 1 }, true),
    text("waterway-name", "waterway", 13, p.labelWater, { "symbol-placement": "line", "text-size": 11.5, "symbol-spacing": 400, "text-letter-spacing": 0.06 }),
    text("area-name", "area_label", 13, ["match", ["get", "of"], "water", p.labelWater, p.labelQuiet], { "text-size": 11.5, "text-max-width": 8 }, ["!=", ["get", "of"], "building"]),
    text("building-name", "area_label", 16, p.labelQuiet, { "text-size": 11, "text-max-width": 7 }, ["==", ["get", "of"], "building"]),
    street("street-quiet", 16, 10.5, quiet),
    street("street", 14, ["interpolate", ["linear"], ["zoom"], 14, 10.5, 18, 14], ["all", ["!", main], ["!", quiet]]),
    street("street-main", 13, ["interpolate", ["linear"], ["zoom"], 13, 10.5, 18, 15], main),
    text("road-ref", "road", 10, p.labelQuiet, { "text-field": ["get", "ref"], "symbol-placement": "line", "text-size": 10.5, "text-font": FONT_STRONG, "symbol-spacing": 500, "text-rotation-alignment": "viewport" }, ["all", ["has", "ref"], main]),
    sign("hydrant", "hydrant", 16, ["concat", "hydrant/", ["get", "kind"]], true, p),
    sign("poi", "poi", 15.5, ["concat", "poi/", ["get", "kind"]], ["!", is(...VITAL)], p),
    sign("poi-vital", "poi", 13, ["concat", "poi/", ["get", "kind"]], is(...VITAL), p),
    text("place-small", "place", 12, p.labelQuiet, { "text-font": FONT_STRONG, "text-size": ["interpolate", ["linear"], ["zoom"], 12, 10.5, 16, 14], "text-max-width": 8 }, ["!", is("city", "town", "village")]),
    text("place", "place", 8, p.label, {
      "text-font": FONT_STRONG, "text-max-width": 8,
      "text-size": ["interpolate", ["linear"], ["zoom"], 8, ["match", ["get", "kind"], "city", 15, "town", 12.5, 10.5], 14, ["match", ["get", "kind"], "city", 22, "town", 18, 14.5]],
      "symbol-sort-key": ["match", ["get", "kind"], "city", 0, "town", 1, 2],
    }, is("city", "town", "village")),
  ];
}

/** The layer of the map's own water points. */
export const BASE_WATER = "base-hydrant";

/** An icon of our own with its name below, which gives way where there is no room. */
function sign(id: string, from: string, minzoom: number, icon: ExpressionSpecification, filter: FilterSpecification, p: Palette): LayerSpecification {
  const named = from === "poi";
  return {
    id: `base-${id}`, type: "symbol", source: BASE_SOURCE, "source-layer": from, minzoom, filter,
    layout: {
      "icon-image": icon,
      "icon-size": ["interpolate", ["linear"], ["zoom"], minzoom, 0.65, minzoom + 3, 1],
      "icon-padding": 1,
      ...(named ? { "text-field": ["coalesce", NAME, ""], "text-font": FONT, "text-size": 11.5, "text-anchor": "top", "text-offset": [0, 0.9], "text-optional": true, "text-max-width": 8 } : {}),
    },
    paint: named ? { "text-color": p.label, "text-halo-color": p.halo, "text-halo-width": 1.5 } : {},
  };
}
