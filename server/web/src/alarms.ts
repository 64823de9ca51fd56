/** What must not be overlooked, from the picture as it is: computed anew with every change, nothing is kept. */
import { formatAge, formatNumber, ageSeconds, type Lang } from "./age";
import { partName, t, valueName } from "./i18n";
import type { Feature } from "./wire";

export interface Alarm {
  id: string;
  text: string;
  /** 0 is the gravest. */
  rank: number;
}

/** A mission counts as new until somebody has seen it, at most this long. */
const NEW_FOR_S = 900;

export function isNewMission(feature: Feature, nowMs: number): boolean {
  const p = feature.properties;
  const seen = Array.isArray(p["seen_by"]) && p["seen_by"].length > 0;
  const age = ageSeconds((p["issued_at"] as string | null | undefined) ?? p.observed_at, nowMs);
  return p["state"] === "open" && !seen && age !== null && age < NEW_FOR_S;
}

/** What to call a feature; one without a name by what it measures or is, and the end of its id. */
export const titleOf = (feature: Feature): string => {
  const p = feature.properties;
  if (p.part === "note" && !p["text"]) return noteText(feature);
  if (p.part === "alert" && typeof p["alert"] === "string") return valueName("alert", p["alert"]);
  for (const key of ["title", "name", "call_sign", "keyword", "headline"]) {
    const value = p[key];
    if (typeof value === "string" && value) return value;
  }
  const measures = Array.isArray(p["measures"]) ? p["measures"].map((one) => valueName("measures", String(one))).join(", ") : "";
  return `${measures || partName(p.part ?? p.layer)} ${feature.id.slice(feature.id.lastIndexOf(":") + 1)}`;
};

/** What an entry of the log book says; one without a text (a change of status) by its kind, in words. */
export function noteText(note: Feature): string {
  const { text, message_type: kind } = note.properties;
  if (typeof text === "string" && text) return text;
  return typeof kind === "string" && kind ? valueName("message_type", kind) : partName("note");
}

export function isSilent(feature: Feature): boolean {
  return feature.properties["state"] === "silent";
}

/** "silent for 4 min": how long a source has not been heard. */
export function silentFor(feature: Feature, nowMs: number): number | null {
  const p = feature.properties;
  return ageSeconds((p["last_received_at"] as string | undefined) ?? (p["silent_since"] as string | undefined), nowMs);
}

export function alarms(of: (layer: string, part?: string) => Feature[], nowMs: number, lang: Lang): Alarm[] {
  const found: Alarm[] = [];
  for (const unit of of("units")) {
    const status = unit.properties["fms_status"];
    if (status === 0) found.push({ id: unit.id, rank: 0, text: t("alarms.emergency", { name: titleOf(unit) }) });
    if (status === 5) found.push({ id: unit.id, rank: 3, text: t("alarms.speech", { name: titleOf(unit) }) });
  }
  found.push(...deviceAlarms(of));
  for (const region of of("crowd", "region")) {
    const p = region.properties;
    if (p["over_threshold"] !== true || typeof p["density_pm2"] !== "number") continue;
    const threshold = typeof p["threshold_pm2"] === "number" ? formatNumber(p["threshold_pm2"], lang, 1) : "?";
    found.push({ id: region.id, rank: 2, text: t("alarms.density", { name: titleOf(region), density: formatNumber(p["density_pm2"], lang, 1), threshold }) });
  }
  for (const mission of of("missions")) {
    if (isNewMission(mission, nowMs)) found.push({ id: mission.id, rank: 1, text: t("alarms.mission", { name: titleOf(mission) }) });
  }
  for (const source of of("sources")) {
    if (isSilent(source)) found.push({ id: source.id, rank: 3, text: silence(source, nowMs, lang) });
  }
  return found.sort((a, b) => a.rank - b.rank || a.id.localeCompare(b.id));
}

function silence(source: Feature, nowMs: number, lang: Lang): string {
  const age = silentFor(source, nowMs);
  return age === null ? t("alarms.never", { name: titleOf(source) }) : t("alarms.silent", { name: titleOf(source), age: formatAge(age, lang) });
}

/** One word per building, however many of its devices call. */
function deviceAlarms(of: (layer: string, part?: string) => Feature[]): Alarm[] {
  const calling = of("devices").filter((device) => device.properties["state"] === "ALARM");
  const houses = new Map(of("buildings", "building").map((building) => [building.id, building]));
  const groups = new Map<string, Feature[]>();
  for (const device of calling) {
    const building = device.properties["building"];
    const key = typeof building === "string" ? building : device.id;
    groups.set(key, [...(groups.get(key) ?? []), device]);
  }
  const burning = new Map<string, number>();
  for (const room of of("buildings", "room")) {
    const status = room.properties["status"];
    const key = String(room.properties["building"]);
    if (!Array.isArray(status) || status.length === 0) continue;
    burning.set(key, (burning.get(key) ?? 0) + 1);
    if (!groups.has(key) && houses.has(key)) groups.set(key, []);
  }
  return [...groups].map(([key, devices]) => {
    const [first] = devices;
    const house = houses.get(key);
    const where = house ? (streetOf(house) ?? titleOf(house)) : null;
    const one = devices.length === 1 && first ? titleOf(first) : null;
    const said = one ?? (devices.length > 0 ? t("alarms.devices", { n: devices.length }) : null);
    const rooms = burning.get(key) ?? 0;
    const what = [said, rooms > 0 ? t("alarms.rooms", { n: rooms }) : null].filter(Boolean).join(", ");
    return { id: house?.id ?? first?.id ?? key, rank: 2, text: where ? `${where}: ${what}` : what };
  });
}

function streetOf(feature: Feature): string | null {
  const address = feature.properties["address"] as { street?: unknown } | null | undefined;
  return typeof address?.street === "string" ? address.street : null;
}
