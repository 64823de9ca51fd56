/** Pieces of style that several layers share. */
import type { ExpressionSpecification, SymbolLayerSpecification } from "maplibre-gl";
import type { Feature } from "../../wire";
import { FONT_STRONG, type Palette } from "../palette";

/** Worn features in grey, others in their own colour. */
export const worn = (p: Palette, fresh: ExpressionSpecification | string): ExpressionSpecification => [
  "case", ["boolean", ["get", "stale"], false], p.stale, fresh,
];

export const textPaint = (p: Palette): NonNullable<SymbolLayerSpecification["paint"]> => ({
  "text-color": worn(p, p.ink),
  "text-halo-color": p.halo,
  "text-halo-width": 1.8,
});

/** Where the signs of one spot stand, in pixels from it: beside each other first, then in rows above. */
const PLACES: readonly [number, number][] = [0, -1, -2, -3].flatMap((row) => [0, 1, -1, 2, -2].map((column): [number, number] => [column * 48, row * 46]));

/** Offset of a sign by its slot; `unit` is how many pixels one unit of the property is, `down` moves all of them. */
export function placed(unit: number, down = 0): ExpressionSpecification {
  const arms = PLACES.slice(1).flatMap(([x, y], i): [number, ExpressionSpecification] => [i + 1, ["literal", [x / unit, y / unit + down]]]);
  return ["match", ["get", "slot"], ...arms, ["literal", [0, down]]] as unknown as ExpressionSpecification;
}

/** Signs closer than this many hundred-thousandths of a degree (about 15 m) share a spot. */
const SPOT_E5 = 20;

export function spotOf(feature: Feature): string | null {
  if (feature.geometry?.type !== "Point") return null;
  const [lon = 0, lat = 0] = feature.geometry.coordinates;
  return `${Math.round((lon * 1e5) / SPOT_E5)}:${Math.round((lat * 1e5) / (SPOT_E5 * 0.62))}`;
}

/** A text beside a sign, left out where there is no room for it. */
export const caption = (offset: [number, number] | ExpressionSpecification, size: number): NonNullable<SymbolLayerSpecification["layout"]> => ({
  "text-field": ["get", "label"],
  "text-font": FONT_STRONG,
  "text-size": size,
  "text-anchor": "top",
  "text-offset": offset,
  "text-max-width": 9,
  "text-line-height": 1.1,
  "text-optional": true,
});
