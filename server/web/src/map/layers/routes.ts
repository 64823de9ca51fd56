import { ROUTE } from "../../colours";
import { mapFeature, text, type LayerKind } from "../kind";
import { worn } from "./style";

/** The way of each unit to its mission; where it could not be driven around something, the line is broken. */
export const routes: LayerKind = {
  name: "routes",
  present(feature, look) {
    const passes = feature.properties["passes"];
    return mapFeature(feature, look, { part: text(feature.properties.part), through: Array.isArray(passes) && passes.length > 0 });
  },
  style: (source, p) => [
    {
      z: 22,
      spec: {
        id: "routes-casing", type: "line", source, layout: { "line-join": "round", "line-cap": "round" },
        paint: { "line-color": p.halo, "line-width": 7, "line-opacity": 0.85 },
      },
    },
    {
      z: 23,
      spec: {
        id: "routes-line", type: "line", source, layout: { "line-join": "round", "line-cap": "round" }, filter: ["!", ["get", "through"]],
        paint: { "line-color": worn(p, ROUTE), "line-width": 4 },
      },
    },
    {
      z: 23,
      spec: {
        id: "routes-through", type: "line", source, layout: { "line-join": "round" }, filter: ["get", "through"],
        paint: { "line-color": worn(p, ROUTE), "line-width": 4, "line-dasharray": [2, 1] },
      },
    },
  ],
};
