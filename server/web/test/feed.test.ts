import { describe, expect, it } from "vitest";
import type { GeoJSONSource } from "maplibre-gl";
import { LayerFeed } from "../src/map/feed";
import { mapFeature, type LayerKind } from "../src/map/kind";
import { objects } from "../src/map/layers/objects";
import { sameAs } from "../src/objects";
import type { Feature } from "../src/wire";

interface Update {
  add: { id: string; properties: Record<string, unknown> }[];
  remove: string[];
}

/** A source that answers only when told to, as MapLibre's does when its worker is done. */
class SlowSource {
  readonly updates: Update[] = [];
  private answers: (() => void)[] = [];

  updateData(diff: Update): Promise<void> {
    this.updates.push(diff);
    return new Promise((resolve) => this.answers.push(resolve));
  }

  async answer(): Promise<void> {
    this.answers.shift()?.();
    await Promise.resolve();
    await Promise.resolve();
  }
}

const kind: LayerKind = {
  name: "units",
  spot: (feature) => String(feature.properties["spot"] ?? "") || null,
  present: (feature, look) => mapFeature(feature, look, { slot: look.slot }),
  style: () => [],
};

const unit = (id: string, properties: Record<string, unknown> = {}): Feature => ({
  id, type: "Feature", geometry: { type: "Point", coordinates: [8.78, 51.83] }, properties: { layer: "units", rev: 1, ...properties },
});

function feeding(): { feed: LayerFeed; source: SlowSource; put: (feature: Feature) => void } {
  const feed = new LayerFeed(kind);
  const source = new SlowSource();
  feed.attach(source as unknown as GeoJSONSource);
  return { feed, source, put: (feature) => feed.put(feature.id, feature, 0, "de") };
}

describe("LayerFeed", () => {
  it("has one update under way and sends only the newest of what gathered", async () => {
    const { feed, source, put } = feeding();
    put(unit("a", { rev: 1 }));
    feed.flush();
    for (let rev = 2; rev < 50; rev += 1) {
      put(unit("a", { rev }));
      put(unit("b", { rev }));
      feed.flush();
    }
    expect(source.updates).toHaveLength(1);
    await source.answer();
    expect(source.updates).toHaveLength(2);
    expect(source.updates[1]?.add.map((one) => one.id)).toEqual(["a", "b"]);
  });

  it("takes away what is gone, also before it was ever sent", async () => {
    const { feed, source, put } = feeding();
    put(unit("a"));
    feed.flush();
    feed.put("a", undefined, 0, "de");
    put(unit("b"));
    feed.put("b", undefined, 0, "de");
    await source.answer();
    expect(source.updates[1]).toEqual({ add: [], remove: ["a", "b"] });
    expect(feed.size).toBe(0);
  });

  it("greys out by the clock alone, and only what turned", async () => {
    const { feed, source, put } = feeding();
    put(unit("a", { stale_at: "1970-01-01T00:00:10.000Z" }));
    put(unit("b", { stale_at: "1970-01-01T00:01:00.000Z" }));
    feed.flush();
    await source.answer();
    feed.age(10_000, "de");
    feed.flush();
    expect(source.updates[1]?.add.map((one) => [one.id, one.properties["stale"]])).toEqual([["a", true]]);
    await source.answer();
    feed.age(5_000, "de");
    feed.flush();
    expect(source.updates[2]?.add.map((one) => [one.id, one.properties["stale"]])).toEqual([["a", false]]);
  });

  it("places signs of one spot side by side and moves nobody who stands", () => {
    const { feed, put } = feeding();
    const slots = (): unknown[] => feed.collection().features.map((one) => [one.id, one.properties?.["slot"]]);
    put(unit("a", { spot: "station" }));
    put(unit("b", { spot: "station" }));
    put(unit("c", { spot: "elsewhere" }));
    expect(slots()).toEqual([["a", 0], ["b", 1], ["c", 0]]);
    put(unit("a", { spot: "" }));
    put(unit("d", { spot: "station" }));
    expect(slots()).toEqual([["a", 0], ["b", 1], ["c", 0], ["d", 0]]);
  });

  it("draws what holds only in its time, and takes it away when that is over", async () => {
    const source = new SlowSource();
    const feed = new LayerFeed(objects);
    feed.attach(source as unknown as GeoJSONSource);
    const closure = unit("own:sperrungen:1", { layer: "objects", kind: "closure", valid_from: "2026-11-30T08:00:00Z", valid_to: "2026-11-30T10:00:00Z" });
    const at = async (time: string): Promise<Update | undefined> => {
      const before = source.updates.length;
      feed.age(Date.parse(time), "de");
      feed.flush();
      await source.answer();
      return source.updates[before];
    };
    feed.put(closure.id, closure, Date.parse("2026-11-30T07:59:59Z"), "de");
    expect(feed.collection().features).toEqual([]);
    expect((await at("2026-11-30T08:00:00Z"))?.add.map((one) => one.properties["sign"])).toEqual(["poi/closure"]);
    expect(await at("2026-11-30T09:59:59Z")).toBeUndefined();
    expect(await at("2026-11-30T10:00:00Z")).toEqual({ add: [], remove: [closure.id] });
    // The clock of an exercise may be set back.
    expect((await at("2026-11-30T09:00:00Z"))?.add).toHaveLength(1);
  });
});

describe("sameAs", () => {
  it("names the water points of the map that are own hydrants", () => {
    const own = [unit("own:h:1", { same_as: "node7" }), unit("own:h:2"), unit("own:h:3", { same_as: "node12" })];
    expect(sameAs(new Map(own.map((one) => [one.id, one])))).toEqual(["node12", "node7"]);
  });
});
