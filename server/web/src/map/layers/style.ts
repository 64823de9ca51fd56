/** Pieces of style that several layers share. */
import type { ExpressionSpecification, SymbolLayerSpecification } from "maplibre-gl";
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

/** A text beside a sign, left out where there is no room for it. */
export const caption = (offset: [number, number], size: number): NonNullable<SymbolLayerSpecification["layout"]> => ({
  "text-field": ["get", "label"],
  "text-font": FONT_STRONG,
  "text-size": size,
  "text-anchor": "top",
  "text-offset": offset,
  "text-max-width": 9,
  "text-line-height": 1.1,
  "text-optional": true,
});
