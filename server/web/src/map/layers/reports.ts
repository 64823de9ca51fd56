import { mapFeature, text, wear, type LayerKind } from "../kind";
import { caption, textPaint } from "./style";

const LABEL_CHARS = 28;

function shortened(value: string): string {
  return value.length > LABEL_CHARS ? `${value.slice(0, LABEL_CHARS - 1).trimEnd()}…` : value;
}

export const reports: LayerKind = {
  name: "reports",
  present(feature, look) {
    const p = feature.properties;
    const sort = p.part === "citizen_report" ? "citizen" : p.part === "post" ? "post" : "event";
    const verdict = p["verdict"] as { decision?: unknown } | string | null | undefined;
    const decision = typeof verdict === "string" ? verdict : text(verdict?.decision);
    const texts = Array.isArray(p["texts"]) ? text(p["texts"][0]) : "";
    return mapFeature(feature, look, {
      icon: `report/${sort}/${decision || "none"}/${wear(look)}`,
      label: shortened(text(p["message"]) || text(p["snippet"]) || texts || text(p.title)),
    });
  },
  style: (source, p) => [
    {
      z: 45,
      spec: {
        id: "reports-sign", type: "symbol", source,
        layout: { "icon-image": ["get", "icon"], "icon-anchor": "bottom", "icon-allow-overlap": true, ...caption([0, 0.2], 11) },
        paint: textPaint(p),
      },
    },
  ],
};

export const notes: LayerKind = {
  name: "notes",
  present: (feature, look) => mapFeature(feature, look, { icon: `note/${wear(look)}`, label: shortened(text(feature.properties["text"])) }),
  style: (source, p) => [
    {
      z: 44,
      spec: {
        id: "notes-sign", type: "symbol", source, minzoom: 14,
        layout: { "icon-image": ["get", "icon"], "icon-allow-overlap": true, ...caption([0, 1], 11) },
        paint: textPaint(p),
      },
    },
  ],
};
