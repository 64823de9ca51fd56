import { DEVICE } from "../../colours";
import { valueName } from "../../i18n";
import { mapFeature, text, wear, type LayerKind } from "../kind";
import { caption, textPaint } from "./style";

const ORDER: Record<string, number> = { ALARM: 0, WARNING: 1, ERROR: 2, UNKNOWN: 3, OK: 4 };

export const devices: LayerKind = {
  name: "devices",
  present(feature, look) {
    const p = feature.properties;
    const state = text(p["state"]) in DEVICE ? text(p["state"]) : "UNKNOWN";
    const measures = Array.isArray(p["measures"]) ? p["measures"].map((one) => valueName("measures", String(one))).join(", ") : "";
    return mapFeature(feature, look, {
      icon: `device/${state}/${wear(look)}`,
      label: text(p["name"]) || measures || text(p.title),
      order: ORDER[state] ?? 3,
      urgent: state === "ALARM" || state === "WARNING",
    });
  },
  style: (source, p) => [
    {
      z: 42,
      spec: {
        id: "devices-sign", type: "symbol", source, filter: ["!", ["get", "urgent"]], minzoom: 16.5,
        layout: { "icon-image": ["get", "icon"], "icon-allow-overlap": false, "symbol-sort-key": ["get", "order"], ...caption([0, 1.1], 11) },
        paint: textPaint(p),
      },
    },
    {
      z: 43,
      spec: {
        id: "devices-urgent", type: "symbol", source, filter: ["get", "urgent"], minzoom: 16.5,
        layout: { "icon-image": ["get", "icon"], "icon-allow-overlap": true, "symbol-sort-key": ["get", "order"], ...caption([0, 1.1], 11.5) },
        paint: textPaint(p),
      },
    },
  ],
};
