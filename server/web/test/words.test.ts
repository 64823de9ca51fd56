import { readFileSync } from "node:fs";
import { beforeEach, describe, expect, it } from "vitest";
import { alarms, noteText, titleOf } from "../src/alarms";
import { addressText, deviceValue, facts, HIDDEN, shortened } from "../src/facts";
import { chooseLang, dative, fieldName, flagName, partName, t, valueName } from "../src/i18n";
import { de } from "../src/i18n/de";
import { deFields } from "../src/i18n/de-fields";
import { en } from "../src/i18n/en";
import { bounds, centre } from "../src/map/geometry";
import { fragment, keep, stored } from "../src/session";
import type { Feature } from "../src/wire";

const NOW = Date.parse("2026-09-12T19:46:00.000Z");
const feature = (id: string, properties: Record<string, unknown>): Feature => ({
  id, type: "Feature", geometry: null, properties: { layer: "units", rev: 1, observed_at: "2026-09-12T19:45:00.000Z", sources: [{ id: "ngsi/leitstelle", observed_at: "2026-09-12T19:45:00.000Z" }], ...properties },
});

beforeEach(() => chooseLang("de"));

describe("words", () => {
  it("are there in both languages, with the same blanks to fill", () => {
    const blanks = (text: string): string[] => (text.match(/\{\w+\}/g) ?? []).sort();
    for (const key of Object.keys(de) as (keyof typeof de)[]) expect([key, blanks(en[key])]).toEqual([key, blanks(de[key])]);
  });

  it("stand in the right case, and without the machinery before a name", () => {
    expect(["6 Jahre", "1 Jahr", "3 min 05 s"].map(dative)).toEqual(["6 Jahren", "1 Jahr", "3 min 05 s"]);
    expect(shortened("urn:ngsi-ld:Alert:urn:ngsi-ld:Alert:116")).toBe("116");
    chooseLang("en");
    expect(dative("6 years")).toBe("6 years");
  });

  it("name properties, values and parts, and show what has no word as it came", () => {
    expect(fieldName("fms_status")).toBe("FMS-Status");
    expect(valueName("fms_status", 4)).toBe("am Einsatzort");
    expect(valueName("state", "en_route")).toBe("auf Anfahrt");
    expect(valueName("state", "HLF 20")).toBe("HLF 20");
    expect(partName("fence-2")).toBe("Flugraumgrenze");
    expect(flagName("new_flag")).toBe("New flag");
    chooseLang("en");
    expect(t("app.exercise")).toBe("EXERCISE");
    expect(fieldName("some_length_m")).toBe("Some length");
  });
});

describe("docs/layers.md", () => {
  it("lists no property that has no German name", () => {
    const page = readFileSync(new URL("../../../docs/layers.md", import.meta.url), "utf8");
    const parts = page.slice(page.indexOf("## missions"));
    const listed = [...parts.matchAll(/^\| (`[^|]+) \|/gm)].flatMap(([, cell]) => [...(cell ?? "").matchAll(/`([a-z0-9_]+)`/g)].map(([, name]) => String(name)));
    // These rows tell the parts of a layer, not properties.
    const parted = new Set(["post", "citizen_report", "social_event", "social_rule", "social_search"]);
    expect(listed.length).toBeGreaterThan(150);
    expect(listed.filter((name) => !HIDDEN.has(name) && !parted.has(name) && !(`field.${name}` in deFields))).toEqual([]);
  });
});

describe("notes", () => {
  it("say a change of status in words, and what somebody wrote as it was written", () => {
    const note = (more: Record<string, unknown>): Feature => feature("n", { layer: "notes", part: "note", ...more });
    const status = note({ message_type: "VEHICLE_STATUS_AT_LOCATION", title: "VEHICLE_STATUS_AT_LOCATION", text: null });
    expect([noteText(status), titleOf(status)]).toEqual(["Status 4: am Einsatzort", "Status 4: am Einsatzort"]);
    expect(noteText(note({ message_type: "MESSAGE", text: "Wasser marsch" }))).toBe("Wasser marsch");
    expect(noteText(note({ message_type: "NEW_KIND" }))).toBe("NEW_KIND");
    expect(facts(note({ receiver: "Logbook", parameters: { oldValue: 3, newValue: 4 } }), NOW, "de", () => null).map((one) => [one.label, one.text])).toEqual([
      ["Empfänger", "Einsatztagebuch"], ["Angaben", "vorher: 3, nachher: 4"],
    ]);
  });
});

describe("water", () => {
  it("is told by the length of hose, without what nobody tagged", () => {
    const point = feature("w", { layer: "water", part: "water-1", kind: "underground", distance_m: 81, b_hoses: 5, couplings: null, access: null, diameter_mm: null });
    expect(facts(point, NOW, "de", () => null).map((one) => [one.label, one.text])).toEqual([
      ["Art", "Unterflurhydrant"], ["Schlauchlänge", "81 m"], ["B-Schläuche", "5"], ["Durchmesser (mm)", null],
    ]);
    expect(partName("water-1")).toBe("Wasserentnahme");
  });
});

describe("facts", () => {
  it("carry their own age and the source that spoke then", () => {
    const unit = feature("u", {
      fms_status: 4, speed_mps: 10, times: { fms_status: "2026-09-12T19:40:00.000Z" },
      sources: [{ id: "ngsi/leitstelle", observed_at: "2026-09-12T19:40:00.000Z" }, { id: "report/hlf", observed_at: "2026-09-12T19:45:00.000Z" }],
    });
    const found = facts(unit, NOW, "de", () => null);
    expect(found.map(({ key, text, observedAt, sources }) => [key, text, observedAt, sources.map((one) => one.id)])).toEqual([
      ["fms_status", "4 · am Einsatzort", "2026-09-12T19:40:00.000Z", ["ngsi/leitstelle"]],
      ["speed_mps", "36 km/h", "2026-09-12T19:45:00.000Z", ["report/hlf"]],
    ]);
  });

  it("say unknown as unknown, mark personal data, name other features, and hide machinery", () => {
    const mission = feature("m", { layer: "missions", part: "mission", reporter: "Frau Beispiel", description: null, seen_units: ["u1", "u2"], rev: 4 });
    const found = facts(mission, NOW, "de", (id) => (id === "u1" ? "HLF" : null));
    expect(found.map(({ key, text, personal }) => [key, text, personal])).toEqual([
      ["description", null, false], ["reporter", "Frau Beispiel", true], ["seen_units", "HLF, u2", false],
    ]);
  });

  it("write a counter's alarm as a sentence", () => {
    const alert = { id: "density", alert: "density", density_pm2: 5.5, threshold_pm2: 5, observed_at: "2026-09-12T19:45:00.000Z" };
    const [fact] = facts(feature("r", { layer: "crowd", alert }), NOW, "de", () => null);
    expect(fact?.text).toMatch(/^Dichte, Dichte 5,5 P\/m², Schwelle 5,0 P\/m², \d\d:45:00$/);
  });

  it("take 1 and 0 of a smoke detector as yes and no, but not of a thermometer", () => {
    const device = (measures: string[], value: unknown): Feature => feature("d", { layer: "devices", measures, value });
    const words = (one: Feature): string => deviceValue(one, NOW, "de");
    expect([device(["smoke"], 1), device(["temperature"], 1), device(["temperature"], 87.9), device(["smoke"], null)].map(words)).toEqual([
      "ja", "1", "87,9", "unbekannt",
    ]);
  });

  it("write addresses, thresholds and devices as people do", () => {
    expect(addressText({ street: "Kettengasse 9", postcode: "33199", city: "Padertopia" })).toBe("Kettengasse 9, 33199 Padertopia");
    expect(addressText({})).toBeNull();
    const device = feature("d", { layer: "devices", thresholds: { alarm: [{ comparison: "greaterThan", value: 60 }] }, value: true });
    expect(facts(device, NOW, "de", () => null).map((one) => one.text)).toEqual(["ja", "Alarm: > 60"]);
    const home = feature("b", { layer: "buildings", part: "building", devices: { alarm: 1, ok: 3, error: 0 }, name: "Familie Beispiel" });
    expect(facts(home, NOW, "de", () => null).map((one) => [one.text, one.personal])).toEqual([["Alarm: 1, in Ordnung: 3", false], ["Familie Beispiel", true]]);
  });
});

describe("alarms", () => {
  const of = (features: Feature[]) => (layer: string, part?: string) =>
    features.filter((one) => one.properties.layer === layer && (part === undefined || one.properties.part === part));

  it("are ordered by gravity, one for each building, and nothing when nothing is wrong", () => {
    const device = (id: string): Feature => feature(id, { layer: "devices", state: "ALARM", building: "b", name: id });
    const found = alarms(of([
      feature("source:ngsi/x", { layer: "sources", title: "ngsi/x", state: "silent", last_received_at: "2026-09-12T19:40:00.000Z" }),
      device("d1"), device("d2"), feature("b", { layer: "buildings", part: "building", address: { street: "Kettengasse 9" } }),
      feature("k", { layer: "buildings", part: "room", building: "b", status: ["smoked"] }), feature("l", { layer: "buildings", part: "room", building: "b", status: [] }),
      feature("r", { layer: "crowd", part: "region", name: "Bühne", over_threshold: true, density_pm2: 5.4, threshold_pm2: 5 }),
      feature("u", { fms_status: 0, name: "HLF" }),
    ]), NOW, "de");
    expect(found.map((one) => [one.id, one.text])).toEqual([
      ["u", "HLF: Notruf (Status 0)"], ["b", "Kettengasse 9: 2 Sensoren melden Alarm, Räume mit Rauch oder Feuer: 1"],
      ["r", "Bühne: 5,4 P/m² (Schwelle 5,0)"], ["source:ngsi/x", "ngsi/x stumm seit 6 min 00 s"],
    ]);
    expect(alarms(of([feature("u", { fms_status: 2 })]), NOW, "de")).toEqual([]);
  });

  it("call what has no name by what it is", () => {
    expect(titleOf(feature("iris:haus:device:30", { layer: "devices", part: "device", measures: ["smoke"] }))).toBe("Rauch 30");
    expect(titleOf(feature("iris:haus:person:2", { layer: "buildings", part: "occupant", title: null }))).toBe("Person 2");
  });

  it("call a mission new until somebody has seen it, at most for a quarter of an hour", () => {
    const mission = (more: Record<string, unknown>): Feature => feature("m", { layer: "missions", state: "open", title: "Feuer", issued_at: "2026-09-12T19:45:00.000Z", ...more });
    expect(alarms(of([mission({})]), NOW, "de")).toHaveLength(1);
    expect(alarms(of([mission({ seen_by: [{ by: "Leitstelle 1" }] })]), NOW, "de")).toHaveLength(0);
    expect(alarms(of([mission({ state: "ended" })]), NOW, "de")).toHaveLength(0);
    expect(alarms(of([mission({ issued_at: "2026-09-12T19:20:00.000Z" })]), NOW, "de")).toHaveLength(0);
  });
});

describe("geometry", () => {
  it("finds the middle of an area near its true place, however far from zero", () => {
    const ring = [[8.78, 51.83], [8.79, 51.83], [8.79, 51.84], [8.78, 51.84], [8.78, 51.83]];
    const at = centre({ type: "Polygon", coordinates: [ring] });
    expect(at?.coordinates[0]).toBeCloseTo(8.785, 9);
    expect(at?.coordinates[1]).toBeCloseTo(51.835, 9);
  });

  it("boxes everything and nothing", () => {
    expect(bounds([null, { type: "Point", coordinates: [8, 51, 30] }, { type: "LineString", coordinates: [[9, 50], [7, 52]] }])).toEqual([7, 50, 9, 52]);
    expect(bounds([null])).toBeNull();
  });
});

describe("session", () => {
  it("is kept for one page, and a broken one counts as none", () => {
    const kept = new Map<string, string>();
    const storage = { getItem: (k: string) => kept.get(k) ?? null, setItem: (k: string, v: string) => void kept.set(k, v) } as Storage;
    keep(storage, "/control", { token: "t", role: "control", name: "L1", unit: null, situation: "live" });
    expect(stored(storage, "/control")?.token).toBe("t");
    expect(stored(storage, "/planner")).toBeNull();
    kept.set("lagebild.session:/planner", "{");
    expect(stored(storage, "/planner")).toBeNull();
  });

  it("reads what stands behind the hash", () => {
    expect(fragment("#code=a_b-c&situation=ex-libori-1").get("situation")).toBe("ex-libori-1");
  });
});
