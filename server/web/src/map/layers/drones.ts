import { formatNumber } from "../../age";
import { DRONE } from "../../colours";
import { mapFeature, number, text, wear, type LayerKind } from "../kind";
import { caption, textPaint, worn } from "./style";

export const drones: LayerKind = {
  name: "drones",
  present(feature, look) {
    const p = feature.properties;
    const part = text(p.part);
    if (part.startsWith("fence")) return mapFeature(feature, look, { part: "fence", inclusion: p["inclusion"] !== false });
    if (part === "track" || part === "path" || part === "footprint") return mapFeature(feature, look, { part });
    if (part === "image") return mapFeature(feature, look, { part, icon: `image/${wear(look)}` });
    const height = number(p["height_m"]);
    const name = text(p["name"]) || text(p.title);
    return mapFeature(feature, look, {
      part: "drone",
      icon: `drone/${p["armed"] === true ? "armed" : p["armed"] === false ? "safe" : "x"}/${wear(look)}`,
      label: height === null ? name : `${name}\n${formatNumber(height, look.lang)} m`,
      heading: look.stale ? -1 : (number(p["heading_deg"]) ?? -1),
    });
  },
  style: (source, p) => [
    {
      z: 9,
      spec: {
        id: "drones-fence-in", type: "line", source, filter: ["all", ["==", ["get", "part"], "fence"], ["get", "inclusion"]],
        paint: { "line-color": worn(p, DRONE.fill), "line-width": 1.6, "line-dasharray": [6, 3] },
      },
    },
    {
      z: 9,
      spec: {
        id: "drones-fence-out", type: "fill", source, filter: ["all", ["==", ["get", "part"], "fence"], ["!", ["get", "inclusion"]]],
        paint: { "fill-pattern": "hatch/#c01622" },
      },
    },
    {
      z: 7,
      spec: {
        id: "drones-footprint", type: "fill", source, filter: ["==", ["get", "part"], "footprint"],
        paint: { "fill-color": worn(p, DRONE.fill), "fill-opacity": 0.12 },
      },
    },
    {
      z: 20,
      spec: {
        id: "drones-footprint-edge", type: "line", source, filter: ["==", ["get", "part"], "footprint"],
        paint: { "line-color": worn(p, DRONE.fill), "line-width": 1.2 },
      },
    },
    {
      z: 46,
      spec: {
        id: "drones-image", type: "symbol", source, filter: ["==", ["get", "part"], "image"], minzoom: 14,
        layout: { "icon-image": ["get", "icon"], "icon-allow-overlap": true },
      },
    },
    {
      z: 21,
      spec: {
        id: "drones-track", type: "line", source, filter: ["==", ["get", "part"], "track"], layout: { "line-join": "round" },
        paint: { "line-color": worn(p, DRONE.fill), "line-width": 2.5, "line-opacity": 0.8 },
      },
    },
    {
      z: 21,
      spec: {
        id: "drones-path", type: "line", source, filter: ["==", ["get", "part"], "path"],
        paint: { "line-color": worn(p, DRONE.fill), "line-width": 1.8, "line-dasharray": [1.5, 2.5] },
      },
    },
    {
      z: 54,
      spec: {
        id: "drones-heading", type: "symbol", source, filter: ["all", ["==", ["get", "part"], "drone"], [">=", ["get", "heading"], 0]],
        layout: { "icon-image": `arrow/${DRONE.fill}`, "icon-rotate": ["get", "heading"], "icon-rotation-alignment": "map", "icon-allow-overlap": true, "icon-ignore-placement": true },
      },
    },
    {
      z: 55,
      spec: {
        id: "drones-sign", type: "symbol", source, filter: ["==", ["get", "part"], "drone"],
        layout: { "icon-image": ["get", "icon"], "icon-allow-overlap": true, "icon-ignore-placement": true, ...caption([0, 1.6], 12.5) },
        paint: textPaint(p),
      },
    },
  ],
};
