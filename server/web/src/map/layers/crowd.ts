import { formatNumber } from "../../age";
import { LOS, losPaint } from "../../colours";
import type { Feature } from "../../wire";
import { centre } from "../geometry";
import { mapFeature, number, text, type LayerKind, type Look, type MapFeature } from "../kind";
import { FONT_STRONG, type Palette } from "../palette";
import { textPaint, worn } from "./style";

/** A change of density slower than this gets no arrow. */
const TREND_PM2_PER_MIN = 0.05;

/** "Marktplatz, 1.240 P, D 2,1/m²"; what is not known is a question mark, never a zero. */
function regionLabel(feature: Feature, look: Look): string {
  const p = feature.properties;
  const people = number(p["people"]);
  const density = number(p["density_pm2"]);
  const name = text(p["name"]) || text(p.title);
  if (p["blind"] === true) {
    const last = people === null ? "" : ` · ${look.lang === "de" ? "zuletzt" : "last"} ${formatNumber(people, look.lang)} P`;
    return `${name}\n${look.lang === "de" ? "nicht einsehbar" : "not visible"}${last}`;
  }
  const count = people === null ? "? P" : `${formatNumber(people, look.lang)} P`;
  const level = text(p["level_of_service"]) || "?";
  const dense = density === null ? "?" : formatNumber(density, look.lang, 1);
  const trend = number(p["trend_pm2_per_min"]) ?? 0;
  const tendency = trend > TREND_PM2_PER_MIN ? " ↑" : trend < -TREND_PM2_PER_MIN ? " ↓" : "";
  return `${name}\n${level} · ${count} · ${dense}/m²${tendency}`;
}

function region(feature: Feature, look: Look): MapFeature[] {
  const p = feature.properties;
  const level = text(p["level_of_service"]);
  const known = level in LOS && p["blind"] !== true;
  const over = p["over_threshold"] === true && !look.stale;
  const area = mapFeature(feature, look, { part: "region", colour: losPaint(level).fill, known, over, blind: p["blind"] === true });
  const label = mapFeature(feature, look, { part: over ? "label_over" : "label", label: regionLabel(feature, look) }, centre(feature.geometry), "label");
  return [...area, ...label];
}

function line(feature: Feature, look: Look): MapFeature[] {
  const p = feature.properties;
  const flow = number(p["flow_per_min"]);
  const people = number(p["people"]);
  const shown = flow !== null ? `${formatNumber(flow, look.lang)}/min` : people !== null ? `${formatNumber(people, look.lang)} P` : "?";
  const sense = p["direction"] === "inbound" ? "→ " : p["direction"] === "outbound" ? "← " : "";
  const body = mapFeature(feature, look, { part: "line", congested: p["congested"] === true });
  return [...body, ...mapFeature(feature, look, { part: "line_label", label: sense + shown, order: 5 }, centre(feature.geometry), "label")];
}

export const crowd: LayerKind = {
  name: "crowd",
  present(feature, look) {
    switch (feature.properties.part) {
      case "region":
        return region(feature, look);
      case "line":
        return line(feature, look);
      case "site":
      case "blind_spot":
      case "alert":
        return mapFeature(feature, look, { part: feature.properties.part });
      default:
        return mapFeature(feature, look, { part: "point" });
    }
  },
  style: (source, p: Palette) => [
    { z: 8, spec: { id: "crowd-site", type: "line", source, filter: ["==", ["get", "part"], "site"], paint: { "line-color": p.hatch, "line-width": 1, "line-dasharray": [4, 3] } } },
    {
      z: 10,
      spec: {
        id: "crowd-region", type: "fill", source, filter: ["all", ["==", ["get", "part"], "region"], ["get", "known"]],
        paint: { "fill-color": worn(p, ["get", "colour"]), "fill-opacity": ["case", ["boolean", ["get", "stale"], false], 0.3, p.areaOpacity] },
      },
    },
    {
      z: 11,
      spec: {
        id: "crowd-blind", type: "fill", source,
        filter: ["any", ["==", ["get", "part"], "blind_spot"], ["all", ["==", ["get", "part"], "region"], ["!", ["get", "known"]]]],
        paint: { "fill-pattern": `hatch/${p.hatch}` },
      },
    },
    {
      z: 12,
      spec: {
        id: "crowd-edge", type: "line", source, filter: ["all", ["==", ["get", "part"], "region"], ["!", ["get", "over"]], ["!", ["get", "stale"]]],
        paint: { "line-color": ["get", "colour"], "line-width": 2 },
      },
    },
    {
      z: 12,
      spec: {
        id: "crowd-edge-stale", type: "line", source, filter: ["all", ["==", ["get", "part"], "region"], ["get", "stale"]],
        paint: { "line-color": p.stale, "line-width": 2, "line-dasharray": [3, 2] },
      },
    },
    {
      z: 13,
      spec: {
        id: "crowd-alert-stale", type: "line", source, filter: ["all", ["==", ["get", "part"], "alert"], ["get", "stale"]],
        paint: { "line-color": p.stale, "line-width": 5 },
      },
    },
    {
      z: 13,
      spec: {
        id: "crowd-over", type: "line", source, filter: ["any", ["==", ["get", "over"], true], ["all", ["==", ["get", "part"], "alert"], ["!", ["get", "stale"]]]],
        layout: { "line-join": "round" }, paint: { "line-color": "#c01622", "line-width": 5 },
      },
    },
    {
      z: 20,
      spec: {
        id: "crowd-line", type: "line", source, filter: ["==", ["get", "part"], "line"],
        layout: { "line-cap": "round" }, paint: { "line-color": worn(p, ["case", ["get", "congested"], "#c01622", p.ink]), "line-width": 3.5 },
      },
    },
    {
      z: 56, text: true,
      spec: {
        id: "crowd-label", type: "symbol", source, filter: ["==", ["get", "part"], "label"], minzoom: 13,
        layout: {
          "text-field": ["get", "label"], "text-font": FONT_STRONG, "text-size": 13, "text-max-width": 16, "text-padding": 2,
          "text-variable-anchor": ["center", "left", "right", "top", "bottom"], "text-radial-offset": 1.2, "text-justify": "auto",
        },
        paint: { ...textPaint(p), "text-halo-width": 2 },
      },
    },
    {
      // A region over its threshold keeps its text, whatever stands there.
      z: 69,
      spec: {
        id: "crowd-label-over", type: "symbol", source, filter: ["==", ["get", "part"], "label_over"],
        layout: {
          "text-field": ["get", "label"], "text-font": FONT_STRONG, "text-size": 14.5, "text-max-width": 16, "text-overlap": "always",
          "text-variable-anchor": ["center", "top", "bottom", "left", "right"], "text-radial-offset": 1.4,
        },
        paint: { "text-color": "#ffffff", "text-halo-color": "#a80f1b", "text-halo-width": 3.2 },
      },
    },
    {
      z: 81, text: true,
      spec: {
        id: "crowd-line-label", type: "symbol", source, filter: ["==", ["get", "part"], "line_label"], minzoom: 16,
        layout: { "text-field": ["get", "label"], "text-font": FONT_STRONG, "text-size": 11.5, "text-offset": [0, 0.9] },
        paint: textPaint(p),
      },
    },
  ],
};
