/** Signs of the base map: water points as on German hydrant plans, and the places that matter to a crew. */

export type Pen = CanvasRenderingContext2D;
export type Draw = (pen: Pen, parts: string[]) => void;

const FAMILY = '"IBM Plex Sans", sans-serif';

export function letter(pen: Pen, text: string, x: number, y: number, size: number, colour: string): void {
  pen.font = `700 ${size}px ${FAMILY}`;
  pen.textAlign = "center";
  pen.textBaseline = "alphabetic";
  pen.fillStyle = colour;
  pen.fillText(text, x, y + size * 0.36);
}

export function polygon(pen: Pen, corners: [number, number][]): void {
  pen.beginPath();
  corners.forEach(([x, y], i) => (i ? pen.lineTo(x, y) : pen.moveTo(x, y)));
  pen.closePath();
}

const WATER = "#2f6f9f";
/** Below ground: a circle; above ground: a square; open water and tanks: a drop. */
const ABOVE = ["pillar", "wall", "pipe"];
const OPEN = ["suction_point", "water_tank", "fire_water_pond"];

/** hydrant/<kind> */
export const hydrant: Draw = (pen, parts) => {
  const kind = parts[1] ?? "";
  pen.beginPath();
  if (OPEN.includes(kind)) {
    pen.moveTo(9, 2);
    pen.bezierCurveTo(15, 9, 15, 16, 9, 16);
    pen.bezierCurveTo(3, 16, 3, 9, 9, 2);
  } else if (ABOVE.includes(kind)) pen.rect(3.5, 3.5, 11, 11);
  else pen.arc(9, 9, 6, 0, Math.PI * 2);
  pen.fillStyle = OPEN.includes(kind) ? WATER : "rgba(255,255,255,0.92)";
  pen.fill();
  pen.strokeStyle = OPEN.includes(kind) ? "#ffffff" : WATER;
  pen.lineWidth = 1.7;
  pen.stroke();
  if (OPEN.includes(kind)) return;
  pen.beginPath();
  pen.moveTo(9, 5);
  pen.lineTo(9, 13);
  pen.stroke();
};

const RED = "#b5121b", GREEN = "#1d7a3a", BLUE = "#0b4fa8", GREY = "#5b6268", VIOLET = "#6a4a86", AMBER = "#9a5b00";
/** The mark on a sign and the colour of its plate. */
const PLACE: Record<string, [mark: string, colour: string]> = {
  fire_station: ["F", RED], control_centre: ["L", RED], disaster_response: ["K", RED], water_rescue: ["W", RED], mountain_rescue: ["B", RED],
  ambulance_station: ["R", RED], key_safe: ["K", RED], siren: ["S", RED], rescue_point: ["+", GREEN], assembly_point: ["S", GREEN], first_aid: ["+", GREEN],
  defibrillator: ["♥", GREEN], landing_site: ["H", BLUE], hospital: ["H", BLUE], clinic: ["+", BLUE], doctors: ["+", BLUE], pharmacy: ["A", BLUE], police: ["P", BLUE],
  school: ["S", VIOLET], kindergarten: ["K", VIOLET], university: ["U", VIOLET], care_home: ["A", VIOLET], prison: ["J", VIOLET], hotel: ["H", VIOLET],
  closure: ["×", RED], object_plan: ["O", VIOLET], fuel: ["T", AMBER], gas: ["G", AMBER], substation: ["⚡", AMBER], hazardous_site: ["!", AMBER], station: ["B", GREY], town_hall: ["R", GREY],
};

/** poi/<kind>: a plate with a letter; green round ones help at once, red ones are ours. */
export const poi: Draw = (pen, parts) => {
  const [mark, colour] = PLACE[parts[1] ?? ""] ?? ["", GREY];
  pen.beginPath();
  if (!mark) pen.arc(11, 11, 4, 0, Math.PI * 2);
  else if (colour === GREEN) pen.arc(11, 11, 8.5, 0, Math.PI * 2);
  else pen.roundRect(2.5, 2.5, 17, 17, 4);
  pen.fillStyle = colour;
  pen.fill();
  pen.strokeStyle = "#ffffff";
  pen.lineWidth = 1.5;
  pen.stroke();
  if (mark) letter(pen, mark, 11, 11, 12.5, "#ffffff");
};
