import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { SituationClock } from "../src/clock";
import { Picture } from "../src/picture";
import { PROTOCOL, type Clock, type Delta, type Hello } from "../src/wire";

/** The messages that server, app and browser are held to alike. */
function golden<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`../../../fixtures/golden/${name}.json`, import.meta.url), "utf-8")) as T;
}

describe("the golden messages", () => {
  it("speak our protocol", () => {
    expect(golden<Hello>("hello").protocol).toBe(PROTOCOL);
    expect(golden<{ protocol: number }>("auth").protocol).toBe(PROTOCOL);
  });

  it("give the same picture here as in layers/wire.py", () => {
    const picture = new Picture();
    const full = golden<Delta>("delta_full");
    picture.begin(golden<Hello>("hello").epoch);
    picture.apply(full);
    expect(picture.rev).toBe(full.to);
    expect([...picture.features.values()]).toEqual(full.upsert);

    const change = golden<Delta>("delta_patch");
    const before = new Map(picture.features);
    const ids = picture.apply(change);
    expect(picture.rev).toBe(change.to);
    expect([...ids].sort()).toEqual((change.patch ?? []).map((patch) => patch.id).sort());
    for (const patch of change.patch ?? []) {
      const [old, now] = [before.get(patch.id), picture.features.get(patch.id)];
      expect(now?.properties).toEqual({ ...old?.properties, ...patch.set });
      expect(now?.geometry).toEqual(patch.geometry ?? old?.geometry);
    }
    // What is not named in the patch is the very same object: nothing else is drawn again.
    for (const [id, feature] of picture.features) if (!ids.has(id)) expect(feature).toBe(before.get(id));
  });

  it("set the clock", () => {
    let wall = 0;
    const clock = new SituationClock(() => wall);
    const said = golden<Clock>("clock");
    clock.set(said.now, said.speed, said.state);
    wall += 1000;
    expect(clock.now() - Date.parse(said.now)).toBe(1000 * said.speed);
  });
});
