import { describe, expect, it } from "vitest";
import { ordered } from "../src/panels/missions";
import { orderedUnits } from "../src/panels/units";
import type { Feature } from "../src/wire";

const feature = (id: string, properties: Record<string, unknown>): Feature => ({ id, type: "Feature", geometry: null, properties: { layer: "units", rev: 1, title: id, ...properties } });

describe("lists", () => {
  it("put units that call first, then those who are out, then the free ones, by number", () => {
    const units = [["1-10", 2], ["1-9", 2], ["2-1", 6], ["3-1", 3], ["3-2", 4], ["4-1", 0], ["5-1", null], ["6-1", 5]].map(([id, fms_status]) => feature(String(id), { fms_status }));
    const names = orderedUnits(units).map((one) => one.id);
    expect(names).toEqual(["4-1", "6-1", "3-2", "3-1", "1-9", "1-10", "2-1", "5-1"]);
    // From any earlier order the result is the same, with the newest features.
    const fresh = units.map((one) => ({ ...one }));
    const again = orderedUnits(fresh, orderedUnits(units).reverse());
    expect(again.map((one) => one.id)).toEqual(names);
    expect(again.every((one) => fresh.includes(one))).toBe(true);
    expect(orderedUnits(fresh.slice(1), units).map((one) => one.id)).toEqual(names.filter((one) => one !== "1-10"));
  });

  it("put open missions first, the new before the known, the youngest first", () => {
    const at = (minute: number): string => `2026-09-12T19:${String(minute).padStart(2, "0")}:00.000Z`;
    const mission = (id: string, minute: number, more: Record<string, unknown> = {}): Feature => feature(id, { layer: "missions", state: "open", issued_at: at(minute), ...more });
    const seen = { seen_by: [{ by: "Leitstelle" }] };
    const missions = [mission("ended", 59, { state: "ended" }), mission("known", 58, seen), mission("older", 50), mission("newer", 55)];
    expect(ordered(missions, Date.parse(at(59))).map((one) => one.id)).toEqual(["newer", "older", "known", "ended"]);
  });
});
