import { CATEGORY_LETTER } from "../../colours";
import { mapFeature, text, wear, type LayerKind } from "../kind";
import { caption, textPaint } from "./style";

export const missions: LayerKind = {
  name: "missions",
  present(feature, look) {
    const p = feature.properties;
    const category = text(p["category"]);
    const state = p["state"] === "ended" ? "ended" : "open";
    return mapFeature(feature, look, {
      icon: `mission/${category in CATEGORY_LETTER ? category : "unknown"}/${state}/${wear(look)}`,
      label: text(p["keyword_short"]) || text(p["keyword"]) || text(p.title),
      order: state === "ended" ? 1 : 0,
    });
  },
  style: (source, p) => [
    {
      z: 70,
      spec: {
        id: "missions-sign", type: "symbol", source,
        layout: {
          "icon-image": ["get", "icon"], "icon-anchor": "bottom", "icon-offset": [0, 4], "icon-allow-overlap": true,
          "symbol-sort-key": ["get", "order"], ...caption([0, -3.3], 14), "text-anchor": "bottom",
        },
        paint: textPaint(p),
      },
    },
  ],
};
