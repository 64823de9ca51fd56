import { mapFeature, number, text, wear, type LayerKind } from "../kind";
import { caption, placed, spotOf, textPaint } from "./style";

/** Below this speed (m/s) a heading says nothing. */
const MOVING_MPS = 0.8;

export const units: LayerKind = {
  name: "units",
  spot: (feature) => (number(feature.properties["speed_mps"]) ?? 0) > MOVING_MPS ? null : spotOf(feature),
  present(feature, look) {
    const p = feature.properties;
    const status = number(p["fms_status"]);
    const heading = number(p["heading_deg"]);
    return mapFeature(feature, look, {
      icon: `unit/${status ?? "x"}/${wear(look)}`,
      label: text(p["name"]) || text(p["call_sign"]) || text(p.title),
      heading: heading !== null && (number(p["speed_mps"]) ?? 0) > MOVING_MPS && !look.stale ? heading : -1,
      slot: look.slot,
      order: status === 0 ? 0 : status === 3 || status === 4 ? 1 : 2,
    });
  },
  style: (source, p) => [
    {
      z: 59,
      spec: {
        id: "units-heading", type: "symbol", source, filter: [">=", ["get", "heading"], 0],
        layout: { "icon-image": `arrow/${p.ink}`, "icon-rotate": ["get", "heading"], "icon-rotation-alignment": "map", "icon-allow-overlap": true, "icon-ignore-placement": true },
      },
    },
    {
      z: 60,
      spec: {
        id: "units-sign", type: "symbol", source,
        layout: { "icon-image": ["get", "icon"], "icon-offset": placed(1), "icon-allow-overlap": true, "icon-ignore-placement": true, "symbol-sort-key": ["get", "order"], ...caption(placed(12.5, 1.1), 12.5) },
        paint: textPaint(p),
      },
    },
  ],
};
