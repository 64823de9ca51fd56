/** Homes that can be asked for access, and what the control room may do in them. Only the live situation has any. */
import { computed, effect, signal } from "@preact/signals";
import type { Point } from "geojson";
import { blob, get, request } from "./api";
import { isExercise, role, session } from "./state";
import { isTrouble } from "./trouble";
import type { Feature } from "./wire";

export interface Home {
  building: string;
  /** The mission it was last asked for. */
  mission: string | null;
  /** It also marks rooms, resets its alarm and has maps. */
  direct: boolean;
}

export interface FloorMap {
  floor: string;
  name: string;
  url: string;
  north_deg: number | null;
  devices: { id: string; x_px: number; y_px: number }[];
}

const EVERY_MS = 10_000;
/** Homes so near to a mission are offered there. */
export const NEAR_M = 300;
const EARTH_RADIUS_M = 6_371_000;

export const homes = signal<ReadonlyMap<string, Home>>(new Map());
/** Who may speak to homes, and where: never from an exercise. */
export const mayAsk = computed(() => role.value === "control" && !isExercise.value);

export async function refresh(): Promise<void> {
  try {
    const answer = await get<{ homes: Home[] }>("/homes");
    homes.value = new Map(answer.homes.map((home) => [home.building, home]));
  } catch (error) {
    if (!isTrouble(error)) throw error;
    // The list grows old; each order says itself when the server is away.
  }
}

/** Keep the list fresh while somebody may use it. Returns how to stop. */
export function keepHomes(): () => void {
  let timer: ReturnType<typeof setInterval> | undefined;
  const stop = effect(() => {
    clearInterval(timer);
    if (!session.value || !mayAsk.value) return;
    void refresh();
    timer = setInterval(() => void refresh(), EVERY_MS);
  });
  return () => {
    stop();
    clearInterval(timer);
  };
}

const path = (building: string, rest: string): string => `/homes/${encodeURIComponent(building)}/${rest}`;

export const ask = (building: string, mission: string): Promise<unknown> => request("POST", path(building, "access"), { mission });
export const giveBack = (building: string): Promise<unknown> => request("DELETE", path(building, "access"));
export const command = (building: string, device: string, value: string | number | boolean): Promise<unknown> =>
  request("POST", path(building, "command"), { device, value });
export const alertHome = (building: string, text: string): Promise<unknown> => request("POST", path(building, "alert"), { text });
export const markRoom = (building: string, room: string, marked: boolean): Promise<{ status: string }> =>
  request("POST", path(building, "room"), { room, marked });
export const resetAlarm = (building: string): Promise<{ status: string }> => request("POST", path(building, "reset"));
export const floorMaps = async (building: string): Promise<FloorMap[]> => (await get<{ maps: FloorMap[] }>(path(building, "maps"))).maps;

/** What a home put into its storage: a plan, or the picture of a camera (`device`, where the home says which). */
export interface HomePicture {
  id: number;
  name: string;
  kind: "plan" | "picture";
  media_type: string;
  bytes: number;
  pages: number;
  received_at: string;
  device: string | null;
  url: string;
}

export const homePictures = async (building: string): Promise<HomePicture[]> => (await get<{ pictures: HomePicture[] }>(path(building, "pictures"))).pictures;

/** A picture as an address that an <img> can show; to be released with URL.revokeObjectURL. */
export const picture = async (url: string): Promise<string> => URL.createObjectURL(await blob(url));

/** Metres between two points, or null where one of them has no place. Near enough for a list. */
export function metres(a: Feature, b: Feature): number | null {
  if (a.geometry?.type !== "Point" || b.geometry?.type !== "Point") return null;
  const [lon1 = 0, lat1 = 0] = (a.geometry as Point).coordinates;
  const [lon2 = 0, lat2 = 0] = (b.geometry as Point).coordinates;
  const rad = Math.PI / 180;
  const x = (lon2 - lon1) * rad * Math.cos(((lat1 + lat2) / 2) * rad);
  return EARTH_RADIUS_M * Math.hypot(x, (lat2 - lat1) * rad);
}

/** What an actuator can be told: its buttons, by what it moves. */
export function orders(device: Feature): { key: "open" | "close" | "on" | "off" | "up" | "down"; value: string | number | boolean }[] {
  const { categories, measures } = device.properties;
  if (!Array.isArray(categories) || !categories.includes("actuator")) return [];
  const moves = new Set(Array.isArray(measures) ? measures.map(String) : []);
  if (moves.has("door") || moves.has("window")) return [{ key: "open", value: "OPEN" }, { key: "close", value: "CLOSE" }];
  if (moves.has("shutter")) return [{ key: "up", value: 0 }, { key: "down", value: 100 }];
  if (moves.has("light")) return [{ key: "on", value: 100 }, { key: "off", value: 0 }];
  return [{ key: "on", value: true }, { key: "off", value: false }];
}
