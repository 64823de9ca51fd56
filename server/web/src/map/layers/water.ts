import { WATER } from "../../colours";
import { mapFeature, number, text, type LayerKind } from "../kind";
import { caption, textPaint, worn } from "./style";

/** Water near open missions, with the length of hose to it. */
export const water: LayerKind = {
  name: "water",
  present(feature, look) {
    const p = feature.properties;
    const metres = number(p["distance_m"]);
    const name = text(p["ref"]) || text(p["name"]);
    return mapFeature(feature, look, { part: "point", label: metres === null ? name : `${name}\n${metres} m`.trim() });
  },
  style: (source, p) => [
    {
      z: 40,
      spec: {
        id: "water-point", type: "circle", source, minzoom: 13,
        paint: { "circle-radius": 6, "circle-color": worn(p, WATER), "circle-stroke-color": p.halo, "circle-stroke-width": 2 },
      },
    },
    {
      // Below the names of units, homes and drones: those find their place first.
      z: 41, text: true,
      spec: { id: "water-label", type: "symbol", source, minzoom: 15, layout: caption([0, 0.7], 11.5), paint: textPaint(p) },
    },
  ],
};
