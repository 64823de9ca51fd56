import { mapFeature, number, text, wear, type LayerKind } from "../kind";
import { caption, textPaint } from "./style";

export const buildings: LayerKind = {
  name: "buildings",
  present(feature, look) {
    const p = feature.properties;
    // Rooms and persons are told at the point of their building: they are in its panel, not on top of it.
    if (p.part !== "building") return [];
    const devices = (p["devices"] ?? {}) as Record<string, unknown>;
    const alarm = (number(devices["alarm"]) ?? 0) > 0;
    const address = (p["address"] ?? {}) as Record<string, unknown>;
    return mapFeature(feature, look, {
      icon: `building/${text(p["permission"]) || "x"}/${alarm ? "alarm" : "calm"}/${wear(look)}`,
      label: text(address["street"]) || text(p.title),
    });
  },
  style: (source, p) => [
    {
      z: 40,
      spec: {
        id: "buildings-sign", type: "symbol", source, minzoom: 13,
        layout: { "icon-image": ["get", "icon"], "icon-allow-overlap": true, "icon-ignore-placement": true, ...caption([0, 1.2], 11.5) },
        paint: textPaint(p),
      },
    },
  ],
};
