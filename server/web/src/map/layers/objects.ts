/** The operator's own objects: hydrants as on the base map, other points as plates, closures and hazards as lines and areas. */
import type { Feature } from "../../wire";
import { centre } from "../geometry";
import { mapFeature, text, type LayerKind } from "../kind";
import { caption, textPaint } from "./style";

const COLOUR: Record<string, string> = { closure: "#c01622", hazard: "#9a5b00", hydrant: "#2f6f9f", key_safe: "#b5121b", object_plan: "#6a4a86" };

/** The image that stands for an object. */
export function ownSign(kind: string, hydrant: string): string {
  if (kind === "hydrant") return `hydrant/${hydrant || "hydrant"}`;
  return `poi/${{ closure: "closure", hazard: "hazardous_site", key_safe: "key_safe", object_plan: "object_plan" }[kind] ?? "own"}`;
}

/** Outside its time a closure closes nothing: neither is it drawn, nor anything else that does not hold. */
export function inForce(feature: Feature, nowMs: number): boolean {
  const { valid_from: begins, valid_to: ends } = feature.properties;
  return !(typeof begins === "string" && nowMs < Date.parse(begins)) && !(typeof ends === "string" && nowMs >= Date.parse(ends));
}

export const objects: LayerKind = {
  name: "objects",
  holds: inForce,
  present(feature, look) {
    const p = feature.properties;
    const kind = text(p["kind"]);
    const sign = ownSign(kind, text(p["hydrant"]));
    const colour = COLOUR[kind] ?? "#37516b";
    const label = text(p.title);
    if (feature.geometry?.type === "Point") return mapFeature(feature, look, { part: "sign", sign, label });
    const part = feature.geometry?.type.includes("Line") ? "line" : feature.geometry?.type === "MultiPoint" ? "sign" : "area";
    return [...mapFeature(feature, look, { part, sign, colour }), ...mapFeature(feature, look, { part: "sign", sign, label }, centre(feature.geometry), "label")];
  },
  style: (source, p) => [
    { z: 7, spec: { id: "objects-area", type: "fill", source, filter: ["==", ["get", "part"], "area"], paint: { "fill-color": ["get", "colour"], "fill-opacity": 0.15 } } },
    {
      z: 21,
      spec: {
        id: "objects-line", type: "line", source, filter: ["in", ["get", "part"], ["literal", ["area", "line"]]],
        paint: { "line-color": ["get", "colour"], "line-width": 4, "line-dasharray": [2, 1] },
      },
    },
    {
      z: 46,
      spec: {
        id: "objects-sign", type: "symbol", source, minzoom: 12, filter: ["==", ["get", "part"], "sign"],
        layout: { "icon-image": ["get", "sign"], "icon-allow-overlap": true, "icon-ignore-placement": true },
      },
    },
    {
      z: 80, text: true,
      spec: {
        id: "objects-label", type: "symbol", source, minzoom: 15.5, filter: ["==", ["get", "part"], "sign"],
        layout: caption([0, 0.9], 11), paint: textPaint(p),
      },
    },
  ],
};
