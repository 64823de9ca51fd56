/** A feature as facts for people: which properties, in which order, in words and units, each with its own time and source. */
import { formatAge, formatMoment, formatNumber, type Lang } from "./age";
import { fieldName, isWhy, t, valueName, whyText } from "./i18n";
import type { Feature, SourceRef } from "./wire";

export interface Fact {
  key: string;
  label: string;
  /** null: the source says that it does not know. */
  text: string | null;
  observedAt: string | null;
  sources: SourceRef[];
  personal: boolean;
  href?: string;
}

/** Properties that the panel shows elsewhere, or that are machinery. */
export const HIDDEN = new Set([
  "layer", "part", "title", "rev", "observed_at", "reported_at", "received_at", "stale_at", "expires_at", "sources", "flags",
  "accuracy_m", "times", "sections", "unit_states", "seen_by", "search_ids", "keyword_short", "emergency", "speech_request", "id",
  "link_why", "refusal_why", "position_source", "position_accuracy_m", "position_label", "geocode_state", "geocode_score", "candidates",
]);

/** Personal data as layers/views.py has it; it reaches only those who may see it, and is marked where it does. */
const PERSONAL: Record<string, readonly string[]> = {
  mission: ["reporter"], drone: ["operator_place", "operator_id", "remark"], building: ["name", "email", "floor_plan_url"],
  occupant: ["name", "born", "remark", "health", "present", "places"], post: ["author"], citizen_report: ["sender_id", "sender_name"],
  note: ["sender_name"],
};

/** Here null means that there is none, not that nobody knows. */
const NONE_IS_NOTHING = new Set([
  "transport", "peer", "link_state", "link_since", "link_reason", "next_try_at",
  "last_refusal", "silent_since", "skew_s", "alert", "verdict", "mission", "report_to", "answer_text", "answered_at", "desired_value", "action_status",
  "valid_to", "next_waypoint", "location_detail", "snippet", "url", "thresholds", "receiver", "trend_pm2_per_min", "flow_per_min",
  "team", "team_role", "battery_pct", "hae_m", "cot_type", "affiliation", "dimension", "how", "icon", "color", "fill", "radius_m", "major_m", "minor_m",
  "angle_deg", "range_m", "bearing_deg", "fov_deg", "fence", "parent", "creator", "eta_at", "eta_s", "route_length_m",
  "area_codes", "ceiling_m", "identifier", "language", "web",
]);

/** What matters first; the rest follows in the order of the wire. */
const FIRST: Record<string, string[]> = {
  missions: ["keyword", "category", "subcategory", "severity", "state", "address", "location_detail", "description", "reporter", "alert_source", "number"],
  units: ["fms_status", "call_sign", "name", "vehicle_type", "state", "mission", "eta_at", "route_length_m", "distance_m", "speed_mps", "heading_deg", "base_station"],
  crowd: ["level_of_service", "people", "density_pm2", "threshold_pm2", "over_threshold", "trend_pm2_per_min", "area_m2", "blind", "quality", "alert"],
  drones: ["flight_status", "armed", "height_m", "ground_speed_mps", "heading_deg", "battery_pct", "recording", "media"],
  buildings: ["permission", "address", "persons_probable", "devices", "name", "email", "floor_plan_url"],
  devices: ["state", "value", "measures", "thresholds", "desired_value", "action_status", "consent", "name", "building"],
  reports: ["verdict", "texts", "message", "snippet", "places", "network", "author", "sender_name"],
  warnings: ["severity", "event", "headline", "description", "instruction", "onset_at", "ends_at", "urgency", "certainty"],
  routes: ["eta_at", "route_length_m", "walk_m", "detour_s", "avoided", "passes", "uncertain", "unit", "mission", "profile"],
  water: ["kind", "distance_m", "b_hoses", "diameter_mm", "ref", "name", "position", "access", "couplings", "flow_lpm"],
  marks: ["mark", "name", "text", "creator", "affiliation", "dimension"],
  notes: ["text", "origin", "sender_name", "receiver", "mission", "message_type"],
  sources: ["state", "silent_since", "last_received_at", "last_observed_at", "link_state", "link_since", "link_reason", "next_try_at", "peer",
    "accepted", "refused", "last_refusal", "skew_s"],
};

export function isPersonal(part: string | undefined, key: string): boolean {
  return PERSONAL[part ?? ""]?.includes(key) ?? false;
}

/** Facts of a feature, most important first. `nameOf` turns an id of another feature into its title. */
export function facts(feature: Feature, nowMs: number, lang: Lang, nameOf: (id: string) => string | null): Fact[] {
  const p = feature.properties;
  const first = FIRST[p.layer] ?? [];
  const rest = Object.keys(p).filter((key) => !HIDDEN.has(key) && !first.includes(key));
  const found: Fact[] = [];
  for (const key of [...first, ...rest]) {
    const value = p[key];
    // What nobody tagged of water is not told; only how thick its pipe is would be missed.
    if (p.layer === "water" && value === null && key !== "diameter_mm") continue;
    // A change of status has no text, a warning mostly no heights.
    if (value === null && ((p.layer === "notes" && key === "text") || (p.layer === "warnings" && key === "altitude_m"))) continue;
    // A unit's state is its FMS status in other words.
    if (p.layer === "units" && key === "state") continue;
    // The crews of a mission have a list of their own above.
    if (p.layer === "missions" && key === "units") continue;
    if (value === undefined || isEmptyList(value) || (value === null && NONE_IS_NOTHING.has(key)) || (key === "description" && value === "")) continue;
    const observedAt = p.times?.[key] ?? p.observed_at ?? null;
    const fact: Fact = {
      key,
      // How far the water is, is told along the hose.
      label: fieldName(p.layer === "water" && key === "distance_m" ? "hose_m" : key),
      text: value === null ? null : p.layer === "devices" && key === "value" ? deviceValue(feature, nowMs, lang) : reasonText(p, key) ?? textOf(key, value, nowMs, lang, nameOf),
      observedAt,
      sources: sourcesAt(p.sources ?? [], observedAt),
      personal: isPersonal(p.part, key),
    };
    if (key.endsWith("url") && typeof value === "string" && /^https?:\/\//.test(value)) fact.href = value;
    found.push(fact);
  }
  return found;
}

/** A reason is told in the words of its code, never as the server wrote it for its log. */
function reasonText(p: Feature["properties"], key: string): string | null {
  if (p.layer !== "sources" || (key !== "link_reason" && key !== "last_refusal")) return null;
  const why = p[key === "link_reason" ? "link_why" : "refusal_why"];
  return isWhy(why) ? whyText(why) : t("why.other");
}

const isEmptyList = (value: unknown): boolean => Array.isArray(value) && value.length === 0;

/** The sources that spoke at that time; all, where none is told apart by its time. What the server worked out is as old
 * as what it rests on, and tells no fact of its own here. */
function sourcesAt(all: SourceRef[], observedAt: string | null): SourceRef[] {
  const sources = all.filter((source) => !source.id.startsWith("base/"));
  const same = sources.filter((source) => source.observed_at === observedAt);
  return same.length > 0 ? same : sources;
}

/** Unit and digits by the end of the property's name. */
const UNITS: [RegExp, (value: number, lang: Lang) => string][] = [
  [/_pm2_per_min$/, (v, lang) => `${v > 0 ? "+" : ""}${formatNumber(v, lang, 2)} P/m² ${lang === "de" ? "je min" : "per min"}`],
  [/_per_min$/, (v, lang) => `${formatNumber(v, lang)} ${lang === "de" ? "je min" : "per min"}`],
  [/_pm2$/, (v, lang) => `${formatNumber(v, lang, 1)} P/m²`],
  [/vertical_speed_mps$/, (v, lang) => `${formatNumber(v, lang, 1)} m/s`],
  [/^speed_mps$|ground_speed_mps$|velocity_change_mps$/, (v, lang) => `${formatNumber(v * 3.6, lang)} km/h`],
  [/_m2$/, (v, lang) => `${formatNumber(v, lang)} m²`],
  [/^gsd_m$/, (v, lang) => `${formatNumber(v * 100, lang, 1)} cm`],
  [/_m$/, (v, lang) => `${formatNumber(v, lang)} m`],
  [/_deg$/, (v, lang) => `${formatNumber(v, lang)}° ${compass(v, lang)}`],
  [/_px$/, (v, lang) => `${formatNumber(v, lang)} px`],
  [/_pct$/, (v, lang) => `${formatNumber(v, lang)} %`],
  [/_s$/, (v, lang) => (v >= 60 ? formatAge(v, lang) : `${formatNumber(v, lang)} s`)],
  [/^quality$|^occupancy$|^probability$/, (v, lang) => `${formatNumber(v * 100, lang)} %`],
];

function compass(deg: number, lang: Lang): string {
  const names = lang === "de" ? ["N", "NO", "O", "SO", "S", "SW", "W", "NW"] : ["N", "NE", "E", "SE", "S", "SW", "W", "NW"];
  return names[Math.round((((deg % 360) + 360) % 360) / 45) % 8] ?? "";
}

/** A value in words. */
export function textOf(key: string, value: unknown, nowMs: number, lang: Lang, nameOf: (id: string) => string | null): string {
  if (typeof value === "boolean") return t(value ? "yes" : "no");
  if (typeof value === "number") return numberText(key, value, lang);
  if (typeof value === "string") {
    if (/_at$|_since$|^valid_/.test(key)) return formatMoment(value, nowMs, lang);
    return nameOf(value) ?? valueName(key, shortened(value));
  }
  if (Array.isArray(value)) return value.map((one) => textOf(key, one, nowMs, lang, nameOf)).join(", ");
  if (value && typeof value === "object") return objectText(key, value as Record<string, unknown>, nowMs, lang, nameOf);
  return t("state.unknown");
}

/** "urn:ngsi-ld:EmergencyStation:feuerwache" is the station "feuerwache" to a reader; some senders put the kind before twice. */
export const shortened = (value: string): string => value.replace(/^(urn:ngsi-ld:[^:]+:)+/, "");

function numberText(key: string, value: number, lang: Lang): string {
  if (key === "fms_status") return `${value} · ${valueName(key, value)}`;
  for (const [pattern, format] of UNITS) if (pattern.test(key)) return format(value, lang);
  return formatNumber(value, lang, Number.isInteger(value) ? 0 : Number.isInteger(value * 10) ? 1 : 2);
}

/** Sensors that say yes or no; gateways send 1 and 0 for it. */
const YES_OR_NO = new Set(["smoke", "motion", "occupancy"]);

/** Actuators that stand somewhere between 0 and 100. */
const PER_CENT = new Set(["shutter", "light"]);

/** What a device measures, in words. */
export function deviceValue(device: Feature, nowMs: number, lang: Lang): string {
  const { value, measures } = device.properties;
  if (value === null || value === undefined) return t("state.unknown");
  if (typeof value === "number" && Array.isArray(measures) && measures.some((one) => PER_CENT.has(String(one)))) return `${formatNumber(value, lang)} %`;
  const binary = Array.isArray(measures) && measures.some((one) => YES_OR_NO.has(String(one))) && (value === 0 || value === 1);
  return textOf("value", binary ? value === 1 : value, nowMs, lang, () => null);
}

const COMPARISONS: Record<string, string> = {
  equal: "=", notEqual: "≠", greaterThan: ">", greaterThanInclusive: "≥", lessThan: "<", lessThanInclusive: "≤",
};

function objectText(key: string, value: Record<string, unknown>, nowMs: number, lang: Lang, nameOf: (id: string) => string | null): string {
  if (key === "alert") return alertText(value, nowMs, lang);
  if (key === "address") return addressText(value) ?? t("state.unknown");
  if (typeof value["comparison"] === "string") return `${COMPARISONS[value["comparison"]] ?? value["comparison"]} ${String(value["value"])}`;
  if (key === "verdict" && typeof value["decision"] === "string") {
    return [valueName("verdict", value["decision"]), value["by"], value["reason"]].filter(Boolean).join(" · ");
  }
  if (key === "places" && typeof value["probability"] === "number") return placeText(value, lang);
  if (Array.isArray(value["coordinates"])) return positionText(value["coordinates"]);
  const parts = Object.entries(value).filter(([, one]) => one !== null && one !== undefined && !isEmptyList(one) && one !== 0);
  return parts.map(([name, one]) => `${partLabel(key, name)}: ${textOf(name, one, nowMs, lang, nameOf)}`).join(", ") || "–";
}

/** A counter's own alarm: what for, how much, since when. */
function alertText(alert: Record<string, unknown>, nowMs: number, lang: Lang): string {
  const parts: string[] = [valueName("alert", String(alert["alert"] ?? "?"))];
  for (const key of ["density_pm2", "threshold_pm2", "velocity_change_mps", "people"]) {
    const value = alert[key];
    if (typeof value === "number") parts.push(`${fieldName(key)} ${numberText(key, value, lang)}`);
  }
  for (const key of ["reason", "pattern"]) if (typeof alert[key] === "string") parts.push(valueName(key, alert[key]));
  if (typeof alert["observed_at"] === "string") parts.push(formatMoment(alert["observed_at"], nowMs, lang));
  return parts.join(", ");
}

/** Where a person probably is: "Schlafzimmer 1. OG (80 %)". */
export function placeText(place: Record<string, unknown>, lang: Lang): string {
  const where = [place["name"], place["floor"]].filter((one) => typeof one === "string" && one).join(" ") || shortened(String(place["id"] ?? "?"));
  return typeof place["probability"] === "number" ? `${where} (${formatNumber(place["probability"] * 100, lang)} %)` : where;
}

/** Inside `devices {alarm: 1, ok: 3}` the names are states. */
function partLabel(key: string, name: string): string {
  return key === "devices" ? valueName("state", name.toUpperCase()) : fieldName(name);
}

/** "Kettengasse 12, 33104 Padertopia"; null when nothing of it is known. */
export function addressText(address: unknown): string | null {
  if (typeof address !== "object" || address === null) return null;
  const { street, postcode, city, text } = address as Record<string, unknown>;
  const town = [postcode, city].filter((one) => typeof one === "string" && one).join(" ");
  const whole = [street, town].filter((one) => typeof one === "string" && one).join(", ");
  return whole || (typeof text === "string" && text ? text : null);
}

export function positionText(coordinates: unknown): string {
  if (!Array.isArray(coordinates) || typeof coordinates[0] !== "number" || typeof coordinates[1] !== "number") return "–";
  const [lon, lat, height] = coordinates as [number, number, number?];
  const place = `${lat.toFixed(5)} N ${lon.toFixed(5)} E`;
  return typeof height === "number" && height !== 0 ? `${place}, ${Math.round(height)} m` : place;
}
