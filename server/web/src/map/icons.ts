/** Images of the map, drawn on a canvas when the map first asks for one. The name says everything: "unit/3/stale". */
import { CATEGORY_LETTER, devicePaint, DRONE, fmsPaint, MISSION, MISSION_ENDED, permissionPaint, REPORT, STALE, type Paint } from "../colours";
import { hydrant, letter, poi, polygon, type Draw, type Pen } from "./signs";

export const PIXEL_RATIO = 2;

interface Recipe {
  width: number;
  height: number;
  draw: Draw;
}

function paint(pen: Pen, fill: string, stroke: string, width: number, dash: number[] = []): void {
  pen.fillStyle = fill;
  pen.fill();
  // A pale rim outside the dark one keeps every sign apart from any ground, by day and by night.
  pen.setLineDash([]);
  pen.strokeStyle = "rgba(255,255,255,0.9)";
  pen.lineWidth = width + 2;
  pen.stroke();
  pen.fill();
  pen.setLineDash(dash);
  pen.strokeStyle = stroke;
  pen.lineWidth = width;
  pen.stroke();
  pen.setLineDash([]);
}

const worn = (parts: string[], fresh: Paint): Paint => (parts.at(-1) === "stale" ? STALE : fresh);
const dashes = (parts: string[]): number[] => (parts.at(-1) === "stale" ? [3, 2.5] : []);

/** unit/<fms or x>/<fresh|stale>: a plate with the FMS digit; 0 has a second frame. */
const unit: Draw = (pen, parts) => {
  const status = parts[1] === "x" ? null : Number(parts[1]);
  const colours = worn(parts, fmsPaint(status));
  pen.beginPath();
  pen.roundRect(4, 6, 30, 20, 4);
  paint(pen, colours.fill, "#10171e", 1.6, dashes(parts));
  if (status === 0) {
    pen.beginPath();
    pen.roundRect(1.2, 3.2, 35.6, 25.6, 6);
    pen.strokeStyle = "#c00000";
    pen.lineWidth = 2;
    pen.stroke();
  }
  letter(pen, status === null ? "?" : String(status), 19, 16, 15, colours.ink);
};

/** mission/<category>/<open|ended>/<fresh|stale>: a pin with the category's letter. */
const mission: Draw = (pen, parts) => {
  const colours = worn(parts, parts[2] === "ended" ? MISSION_ENDED : MISSION);
  polygon(pen, [[20, 46], [4, 30], [4, 5], [36, 5], [36, 30]]);
  paint(pen, colours.fill, "#10171e", 1.8, dashes(parts));
  letter(pen, CATEGORY_LETTER[parts[1] ?? ""] ?? "?", 20, 18, 22, colours.ink);
};

/** drone/<armed|safe|x>/<fresh|stale>: four rotors; the heading is an image of its own. */
const drone: Draw = (pen, parts) => {
  const colours = worn(parts, DRONE);
  pen.lineCap = "round";
  for (const [stroke, width] of [["rgba(255,255,255,0.9)", 6.5], [colours.fill, 4]] as const) {
    pen.strokeStyle = stroke;
    pen.lineWidth = width;
    pen.beginPath();
    pen.moveTo(9, 9);
    pen.lineTo(29, 29);
    pen.moveTo(29, 9);
    pen.lineTo(9, 29);
    pen.stroke();
  }
  for (const [x, y] of [[9, 9], [29, 9], [9, 29], [29, 29]] as const) {
    pen.beginPath();
    pen.arc(x, y, 5.5, 0, Math.PI * 2);
    paint(pen, "#ffffff", colours.fill, 2, dashes(parts));
  }
  pen.beginPath();
  pen.arc(19, 19, 6, 0, Math.PI * 2);
  paint(pen, colours.fill, "#10171e", 1.2);
};

/** arrow/<colour>: a wedge on a wide circle, turned by the map to the heading. */
const arrow: Draw = (pen, parts) => {
  polygon(pen, [[28, 1], [35, 13], [28, 10], [21, 13]]);
  paint(pen, parts[1] ?? "#10171e", "#10171e", 1);
};

const BUILDING_MARK: Record<string, string> = { GRANTED: "✓", PENDING: "…", REQUEST: "…", DENIED: "×", NONE: "" };

/** building/<permission>/<alarm|calm>/<fresh|stale> */
const building: Draw = (pen, parts) => {
  const colours = worn(parts, permissionPaint(parts[1]));
  polygon(pen, [[3, 15], [16, 3], [29, 15], [26, 15], [26, 29], [6, 29], [6, 15]]);
  paint(pen, colours.fill, parts[2] === "alarm" ? "#c9141f" : "#10171e", parts[2] === "alarm" ? 3 : 1.6, dashes(parts));
  letter(pen, BUILDING_MARK[parts[1] ?? ""] ?? "?", 16, 19, 14, colours.ink);
};

const DEVICE_MARK: Record<string, string> = { ALARM: "!", WARNING: "!", OK: "✓", ERROR: "×", UNKNOWN: "?" };

/** device/<state>/<fresh|stale>: the shape tells the state too: triangle, diamond, circle, square. */
const device: Draw = (pen, parts) => {
  const state = parts[1] ?? "UNKNOWN";
  const colours = worn(parts, devicePaint(state));
  if (state === "ALARM") polygon(pen, [[13, 1.5], [25, 23], [1, 23]]);
  else if (state === "WARNING") polygon(pen, [[13, 2], [24, 13], [13, 24], [2, 13]]);
  else if (state === "ERROR") polygon(pen, [[4, 4], [22, 4], [22, 22], [4, 22]]);
  else {
    pen.beginPath();
    pen.arc(13, 13, 9.5, 0, Math.PI * 2);
  }
  paint(pen, colours.fill, "#10171e", 1.4, dashes(parts));
  letter(pen, DEVICE_MARK[state] ?? "?", 13, state === "ALARM" ? 15.5 : 13, 13, colours.ink);
};

/** report/<post|citizen|event>/<none|confirm|reject>/<fresh|stale>: a speech bubble. */
const report: Draw = (pen, parts) => {
  const colours = worn(parts, parts[2] === "reject" ? MISSION_ENDED : REPORT);
  polygon(pen, [[3, 3], [27, 3], [27, 20], [17, 20], [11, 28], [11, 20], [3, 20]]);
  paint(pen, colours.fill, "#10171e", 1.4, dashes(parts));
  const mark = parts[2] === "confirm" ? "✓" : parts[2] === "reject" ? "×" : parts[1] === "citizen" ? "B" : "#";
  letter(pen, mark, 15, 11.5, 13, colours.ink);
};

const note: Draw = (pen, parts) => {
  pen.beginPath();
  pen.roundRect(3, 5, 24, 17, 2);
  paint(pen, worn(parts, REPORT).fill, "#10171e", 1.4, dashes(parts));
  letter(pen, "N", 15, 13.5, 12, "#ffffff");
};

/** image/<fresh|stale>: a small camera. */
const image: Draw = (pen, parts) => {
  pen.beginPath();
  pen.roundRect(2, 6, 20, 14, 2);
  paint(pen, worn(parts, DRONE).fill, "#10171e", 1.2, dashes(parts));
  pen.beginPath();
  pen.arc(12, 13, 4, 0, Math.PI * 2);
  pen.fillStyle = "#ffffff";
  pen.fill();
};

/** hatch/<colour>: a seamless pattern of slanted lines. */
const hatch: Draw = (pen, parts) => {
  pen.strokeStyle = parts[1] ?? "#4a535b";
  pen.lineWidth = 1.5;
  pen.beginPath();
  for (const offset of [-12, 0, 12]) {
    pen.moveTo(offset, 12);
    pen.lineTo(offset + 12, 0);
  }
  pen.stroke();
};

const RECIPES: Record<string, Recipe> = {
  unit: { width: 38, height: 32, draw: unit },
  mission: { width: 40, height: 50, draw: mission },
  drone: { width: 38, height: 38, draw: drone },
  arrow: { width: 56, height: 56, draw: arrow },
  building: { width: 32, height: 32, draw: building },
  device: { width: 26, height: 26, draw: device },
  report: { width: 30, height: 30, draw: report },
  note: { width: 30, height: 27, draw: note },
  image: { width: 24, height: 24, draw: image },
  hydrant: { width: 18, height: 18, draw: hydrant },
  poi: { width: 22, height: 22, draw: poi },
  hatch: { width: 12, height: 12, draw: hatch },
};

/** The picture of that name as pixels for `Map.addImage`, or null when we do not draw such a thing. */
export function drawImage(name: string): ImageData | null {
  const parts = name.split("/");
  const recipe = RECIPES[parts[0] ?? ""];
  if (!recipe) return null;
  const canvas = document.createElement("canvas");
  canvas.width = recipe.width * PIXEL_RATIO;
  canvas.height = recipe.height * PIXEL_RATIO;
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  if (!pen) return null;
  pen.scale(PIXEL_RATIO, PIXEL_RATIO);
  pen.lineJoin = "round";
  recipe.draw(pen, parts);
  return pen.getImageData(0, 0, canvas.width, canvas.height);
}
