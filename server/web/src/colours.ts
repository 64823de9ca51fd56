/** Colours that mean something, the same in lists, legend and map. None of them is the magenta of an exercise. */

export interface Paint {
  fill: string;
  ink: string;
}

/** The colour of exercises, used for nothing else (styles/base.css has it as --exercise). */
export const EXERCISE = "#b5007e";

/** FMS 0 to 9 as German radio displays show them; the digit always stands beside the colour. */
export const FMS: readonly Paint[] = [
  { fill: "#c00000", ink: "#ffffff" },
  { fill: "#8fd14f", ink: "#10210a" },
  { fill: "#17803a", ink: "#ffffff" },
  { fill: "#ffd21f", ink: "#221a00" },
  { fill: "#d4121e", ink: "#ffffff" },
  { fill: "#6fcbf5", ink: "#04222f" },
  { fill: "#4b5563", ink: "#ffffff" },
  { fill: "#ff9f1a", ink: "#2a1700" },
  { fill: "#1fb5a8", ink: "#03211e" },
  { fill: "#d3dae0", ink: "#141b21" },
];

export const UNKNOWN: Paint = { fill: "#ffffff", ink: "#39434d" };
export const STALE: Paint = { fill: "#9aa3ab", ink: "#171c20" };

export function fmsPaint(status: unknown): Paint {
  return typeof status === "number" ? (FMS[status] ?? UNKNOWN) : UNKNOWN;
}

/** Level of service A to F; the letter always stands beside the colour. */
export const LOS: Readonly<Record<string, Paint>> = {
  A: { fill: "#4a90d9", ink: "#03182c" },
  B: { fill: "#45b3a0", ink: "#03211b" },
  C: { fill: "#b7d454", ink: "#1c2300" },
  D: { fill: "#f4c430", ink: "#251c00" },
  E: { fill: "#ef7d22", ink: "#2b1200" },
  F: { fill: "#c01622", ink: "#ffffff" },
};

export function losPaint(level: unknown): Paint {
  return typeof level === "string" ? (LOS[level] ?? UNKNOWN) : UNKNOWN;
}

/** CAP severities. */
export const SEVERITY: Readonly<Record<string, Paint>> = {
  Extreme: { fill: "#8f0d16", ink: "#ffffff" },
  Severe: { fill: "#c9261c", ink: "#ffffff" },
  Moderate: { fill: "#e8801a", ink: "#2b1500" },
  Minor: { fill: "#f2cb2e", ink: "#261d00" },
  Unknown: { fill: "#8a949e", ink: "#12171b" },
};

export function severityPaint(severity: unknown): Paint {
  const fallback = SEVERITY["Unknown"] ?? UNKNOWN;
  return typeof severity === "string" ? (SEVERITY[severity] ?? fallback) : fallback;
}

/** States of devices. */
export const DEVICE: Readonly<Record<string, Paint>> = {
  ALARM: { fill: "#c9141f", ink: "#ffffff" },
  WARNING: { fill: "#f0b323", ink: "#261a00" },
  OK: { fill: "#1b8a45", ink: "#ffffff" },
  ERROR: { fill: "#5b6672", ink: "#ffffff" },
  UNKNOWN,
};

export function devicePaint(state: unknown): Paint {
  return typeof state === "string" ? (DEVICE[state] ?? UNKNOWN) : UNKNOWN;
}

/** Consent of a building's owner. */
export const PERMISSION: Readonly<Record<string, Paint>> = {
  GRANTED: { fill: "#1b6fb5", ink: "#ffffff" },
  PENDING: { fill: "#e3e9ee", ink: "#17222b" },
  REQUEST: { fill: "#e3e9ee", ink: "#17222b" },
  DENIED: { fill: "#5b6672", ink: "#ffffff" },
  NONE: { fill: "#ffffff", ink: "#39434d" },
};

export function permissionPaint(permission: unknown): Paint {
  return typeof permission === "string" ? (PERMISSION[permission] ?? UNKNOWN) : UNKNOWN;
}

/** The letter of a mission's category on its marker. */
export const CATEGORY_LETTER: Readonly<Record<string, string>> = { fire: "B", cbrn: "C", medical: "R", technical: "H", unknown: "?" };

export const MISSION: Paint = { fill: "#c8102e", ink: "#ffffff" };
export const MISSION_ENDED: Paint = { fill: "#6b7680", ink: "#ffffff" };
export const DRONE: Paint = { fill: "#0b6fa8", ink: "#ffffff" };
export const REPORT: Paint = { fill: "#37516b", ink: "#ffffff" };

/** Ways of units, and water: the same in map and legend. */
export const ROUTE = "#1f6feb";
export const WATER = "#0b7fab";

/** Marks of the field whose sender gave no colour, and their calls for help. */
export const MARK = "#37516b";
export const MARK_CALL = "#c9141f";
