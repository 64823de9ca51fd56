import { severityPaint } from "../../colours";
import { centre } from "../geometry";
import { mapFeature, text, type LayerKind } from "../kind";
import { FONT_STRONG } from "../palette";
import { textPaint, worn } from "./style";

export const warnings: LayerKind = {
  name: "warnings",
  present(feature, look) {
    const p = feature.properties;
    const colour = severityPaint(p["severity"]).fill;
    const label = `⚠ ${text(p["event"]) || text(p["headline"]) || text(p.title)}`;
    return [
      ...mapFeature(feature, look, { part: "area", colour }),
      ...mapFeature(feature, look, { part: "label", label }, centre(feature.geometry), "label"),
    ];
  },
  style: (source, p) => [
    { z: 5, spec: { id: "warnings-area", type: "fill", source, filter: ["==", ["get", "part"], "area"], paint: { "fill-color": worn(p, ["get", "colour"]), "fill-opacity": 0.07 } } },
    {
      z: 14,
      spec: {
        id: "warnings-edge", type: "line", source, filter: ["==", ["get", "part"], "area"],
        paint: { "line-color": worn(p, ["get", "colour"]), "line-width": 3, "line-dasharray": [5, 2] },
      },
    },
    {
      z: 80, text: true,
      spec: {
        id: "warnings-label", type: "symbol", source, filter: ["==", ["get", "part"], "label"],
        layout: { "text-field": ["get", "label"], "text-font": FONT_STRONG, "text-size": 13, "text-max-width": 12 },
        paint: textPaint(p),
      },
    },
  ],
};
