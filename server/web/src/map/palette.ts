/** The quiet colours of the base map: what happens on it must stand out, by day and by night. */
import type { Theme } from "../theme";

export interface Palette {
  land: string;
  heath: string;
  green: string;
  wood: string;
  urban: string;
  special: string;
  water: string;
  square: string;
  road: string;
  roadMain: string;
  roadFast: string;
  bridgeEdge: string;
  rail: string;
  boundary: string;
  field: string;
  works: string;
  roadEdge: string;
  path: string;
  building: string;
  buildingEdge: string;
  buildingPublic: string;
  tree: string;
  hydrant: string;
  label: string;
  labelQuiet: string;
  labelWater: string;
  halo: string;
  /** Text and outlines of what happens. */
  ink: string;
  stale: string;
  selection: string;
  hatch: string;
  areaOpacity: number;
}

const LIGHT: Palette = {
  land: "#eeebe2", heath: "#eeebe2", green: "#dde8d2", wood: "#cbdcc0", urban: "#ebe8e3", special: "#e6e0e6",
  water: "#b4d3e6", square: "#e9e2d2", road: "#ffffff", roadMain: "#fff6d6", roadFast: "#fbdca0", bridgeEdge: "#8f897d", rail: "#8d8a86", boundary: "#a58fae",
  field: "#f0ecdc", works: "#e4e0dc", roadEdge: "#c7c3ba", path: "#b9ad98",
  building: "#d8d2c8", buildingEdge: "#b5aea2", buildingPublic: "#c9c0cf", tree: "#b9d0ab", hydrant: "#2f6f9f",
  label: "#2b3036", labelQuiet: "#5b6268", labelWater: "#2c5f7c", halo: "#ffffff",
  ink: "#10171e", stale: "#6d767e", selection: "#0b4fa8", hatch: "#4a535b", areaOpacity: 0.42,
};

const DARK: Palette = {
  land: "#131a1f", heath: "#131a1f", green: "#162119", wood: "#15241a", urban: "#171d24", special: "#1c1d27",
  water: "#16303f", square: "#221f1a", road: "#2f3943", roadMain: "#465361", roadFast: "#5b5a4c", bridgeEdge: "#66727d", rail: "#56616b", boundary: "#6d5f78",
  field: "#161c1c", works: "#1b2027", roadEdge: "#0d1216", path: "#57534a",
  building: "#242c35", buildingEdge: "#36414c", buildingPublic: "#332f40", tree: "#1d2e20", hydrant: "#5aa3d6",
  label: "#c5ced6", labelQuiet: "#8d99a4", labelWater: "#7db4d0", halo: "#0b1015",
  ink: "#f2f6f9", stale: "#8f9aa4", selection: "#7cc0ff", hatch: "#c2ccd5", areaOpacity: 0.4,
};

export const palette = (theme: Theme): Palette => (theme === "dark" ? DARK : LIGHT);

/** Names under which the style finds our bundled typeface. */
export const FONT = ["IBM Plex Sans"];
export const FONT_STRONG = ["IBM Plex Sans SemiBold"];
