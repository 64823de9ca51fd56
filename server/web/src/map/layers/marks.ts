/** What people in the field mark: points, lines and areas in the colour they gave, calls for help in red. */
import { MARK, MARK_CALL } from "../../colours";
import { centre } from "../geometry";
import { mapFeature, text, type LayerKind } from "../kind";
import { caption, textPaint, worn } from "./style";

const CALLS = new Set(["emergency", "casevac"]);
const COLOUR = /^#[0-9a-f]{6}$/;

export const marks: LayerKind = {
  name: "marks",
  present(feature, look) {
    const p = feature.properties;
    const call = CALLS.has(text(p["mark"]));
    const told = text(p["color"]);
    // White on a light map would be nothing.
    const colour = call ? MARK_CALL : COLOUR.test(told) && told !== "#ffffff" ? told : MARK;
    const label = `${call ? "⚠ " : ""}${text(p.title)}`;
    if (feature.geometry?.type === "Point") return mapFeature(feature, look, { part: "point", colour, label, size: call ? 9 : 6 });
    return [
      ...mapFeature(feature, look, { part: feature.geometry?.type === "LineString" ? "line" : "area", colour }),
      ...mapFeature(feature, look, { part: "label", label }, centre(feature.geometry), "label"),
    ];
  },
  style: (source, p) => [
    { z: 8, spec: { id: "marks-area", type: "fill", source, filter: ["==", ["get", "part"], "area"], paint: { "fill-color": worn(p, ["get", "colour"]), "fill-opacity": 0.12 } } },
    {
      z: 22,
      spec: {
        id: "marks-line", type: "line", source, filter: ["in", ["get", "part"], ["literal", ["area", "line"]]],
        paint: { "line-color": worn(p, ["get", "colour"]), "line-width": 2.5 },
      },
    },
    {
      z: 48,
      spec: {
        id: "marks-point", type: "circle", source, filter: ["==", ["get", "part"], "point"],
        paint: { "circle-color": worn(p, ["get", "colour"]), "circle-radius": ["get", "size"], "circle-stroke-color": p.halo, "circle-stroke-width": 2 },
      },
    },
    {
      z: 81, text: true,
      spec: {
        id: "marks-label", type: "symbol", source, filter: ["in", ["get", "part"], ["literal", ["label", "point"]]],
        layout: caption([0, 0.8], 11.5), paint: textPaint(p),
      },
    },
  ],
};
