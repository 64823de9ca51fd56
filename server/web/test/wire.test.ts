import { describe, expect, it } from "vitest";
import { Picture } from "../src/picture";
import { applyDelta, CursorMismatch, touched, type Delta, type Feature } from "../src/wire";

const feature = (id: string, properties: Record<string, unknown> = {}): Feature => ({
  id, type: "Feature", geometry: { type: "Point", coordinates: [8.78, 51.83] }, properties: { layer: "units", rev: 1, ...properties },
});

const delta = (given: Partial<Delta>): Delta => ({ situation: "live", from: 0, to: 1, now: "2026-11-21T12:00:00.000Z", full: false, upsert: [], patch: [], remove: [], ...given });

describe("applyDelta", () => {
  it("forgets everything for a full delta, whatever its cursor", () => {
    const features = new Map([["old", feature("old")]]);
    expect(applyDelta(features, 7, delta({ full: true, from: 0, to: 3, upsert: [feature("new")] }))).toBe(3);
    expect([...features.keys()]).toEqual(["new"]);
  });

  it("upserts, patches and removes", () => {
    const features = new Map([["a", feature("a", { name: "A", speed_mps: 3 })], ["b", feature("b")]]);
    const moved = { type: "Point" as const, coordinates: [9, 52] };
    const to = applyDelta(features, 4, delta({
      from: 4, to: 6, upsert: [feature("c")], remove: ["b"], patch: [{ id: "a", set: { fms_status: 4 }, unset: ["speed_mps"], geometry: moved }],
    }));
    expect(to).toBe(6);
    expect([...features.keys()].sort()).toEqual(["a", "c"]);
    expect(features.get("a")?.properties).toEqual({ layer: "units", rev: 1, name: "A", fms_status: 4 });
    expect(features.get("a")?.geometry).toEqual(moved);
  });

  it("keeps the geometry that a patch does not speak of, and takes null as unknown", () => {
    const features = new Map([["a", feature("a")]]);
    applyDelta(features, 0, delta({ patch: [{ id: "a", set: {} }] }));
    expect(features.get("a")?.geometry).not.toBeNull();
    applyDelta(features, 1, delta({ from: 1, to: 2, patch: [{ id: "a", set: {}, geometry: null }] }));
    expect(features.get("a")?.geometry).toBeNull();
  });

  it("changes nothing when the same delta comes twice", () => {
    const features = new Map<string, Feature>();
    const once = delta({ to: 2, upsert: [feature("a")] });
    const rev = applyDelta(features, 0, once);
    const before = structuredClone([...features]);
    expect(applyDelta(features, rev, once)).toBe(2);
    expect([...features]).toEqual(before);
  });

  it("does not mutate a feature that somebody still holds", () => {
    const held = feature("a", { name: "A" });
    const features = new Map([["a", held]]);
    applyDelta(features, 0, delta({ patch: [{ id: "a", set: { name: "B" } }] }));
    expect(held.properties["name"]).toBe("A");
  });

  it.each([
    ["a gap", delta({ from: 3, to: 4 })],
    ["a patch of a stranger", delta({ from: 1, to: 2, patch: [{ id: "x", set: {} }], upsert: [feature("y")] })],
    ["a patch of what it removes", delta({ from: 1, to: 2, patch: [{ id: "a", set: {} }], remove: ["a"] })],
    ["a full delta that patches what it does not bring", delta({ full: true, to: 2, patch: [{ id: "a", set: {} }] })],
  ])("refuses %s and leaves the features alone", (_name, wrong) => {
    const features = new Map([["a", feature("a")]]);
    expect(() => applyDelta(features, 1, wrong)).toThrow(CursorMismatch);
    expect([...features.keys()]).toEqual(["a"]);
  });

  it("names every id that a delta touches", () => {
    const ids = touched(delta({ upsert: [feature("a")], remove: ["b"], patch: [{ id: "c", set: {} }] }));
    expect(ids.sort()).toEqual(["a", "b", "c"]);
  });
});

describe("Picture", () => {
  it("knows which features a layer has, through change and removal", () => {
    const picture = new Picture();
    picture.apply(delta({ full: true, to: 1, upsert: [feature("u1"), feature("m1", { layer: "missions" })] }));
    expect(picture.of("units").map((one) => one.id)).toEqual(["u1"]);
    picture.apply(delta({ from: 1, to: 2, remove: ["u1"], upsert: [feature("u2")] }));
    expect(picture.of("units").map((one) => one.id)).toEqual(["u2"]);
    expect(picture.layer("u1")).toBeUndefined();
  });

  it("says for a full delta also what is gone", () => {
    const picture = new Picture();
    picture.apply(delta({ full: true, to: 1, upsert: [feature("old")] }));
    const ids = picture.apply(delta({ full: true, to: 2, upsert: [feature("new")] }));
    expect([...ids].sort()).toEqual(["new", "old"]);
    expect(picture.of("units").map((one) => one.id)).toEqual(["new"]);
  });

  it("starts from nothing in a new epoch and resumes in the same", () => {
    const picture = new Picture();
    picture.begin("one");
    picture.apply(delta({ to: 5, upsert: [feature("a")] }));
    picture.begin("one");
    expect(picture.rev).toBe(5);
    picture.begin("two");
    expect(picture.rev).toBe(0);
    expect(picture.of("units")).toHaveLength(1);
  });
});
