/** Brings the features of one layer to their map source: only what changed, one update under way at a time. */
import type { FeatureCollection } from "geojson";
import type { GeoJSONSource } from "maplibre-gl";
import type { Lang } from "../age";
import type { Feature } from "../wire";
import type { LayerKind, MapFeature } from "./kind";

interface Shown {
  parts: MapFeature[];
  feature: Feature;
  staleAtMs: number;
  stale: boolean;
  holds: boolean;
  spot: string | null;
  slot: number;
}

export class LayerFeed {
  private readonly shown = new Map<string, Shown>();
  private readonly add = new Map<string, MapFeature>();
  private readonly remove = new Set<string>();
  private source: GeoJSONSource | null = null;
  private busy = false;
  private readonly spots = new Map<string, (string | undefined)[]>();

  constructor(readonly kind: LayerKind) {}

  /** Number of situation features that are on the map. */
  get size(): number {
    return this.shown.size;
  }

  /** Look again at a feature; undefined: it is gone. */
  put(id: string, feature: Feature | undefined, nowMs: number, lang: Lang): void {
    const before = this.shown.get(id);
    if (!feature) {
      this.shown.delete(id);
      if (before) this.leave(id, before.spot);
      for (const part of before?.parts ?? []) this.drop(part.id);
      return;
    }
    const limit = feature.properties.stale_at;
    const staleAtMs = typeof limit === "string" ? Date.parse(limit) : Infinity;
    const stale = staleAtMs <= nowMs;
    const spot = this.kind.spot?.(feature) ?? null;
    if (before && before.spot !== spot) this.leave(id, before.spot);
    const slot = before?.spot === spot ? before.slot : this.enter(id, spot);
    const holds = this.holds(feature, nowMs);
    const parts = holds ? this.kind.present(feature, { stale, lang, slot }) : [];
    const kept = new Set(parts.map((part) => part.id));
    for (const part of before?.parts ?? []) if (!kept.has(part.id)) this.drop(part.id);
    for (const part of parts) {
      this.remove.delete(part.id);
      this.add.set(part.id, part);
    }
    this.shown.set(id, { parts, feature, staleAtMs, stale, holds, spot, slot });
  }

  /** Time passed (or was set back): draw anew what went stale or fresh by that, came into force or is over. */
  age(nowMs: number, lang: Lang): void {
    for (const [id, one] of this.shown) {
      if (one.staleAtMs <= nowMs !== one.stale || this.holds(one.feature, nowMs) !== one.holds) this.put(id, one.feature, nowMs, lang);
    }
  }

  /** Draw all of it anew, for another language. */
  redraw(nowMs: number, lang: Lang): void {
    for (const [id, one] of this.shown) this.put(id, one.feature, nowMs, lang);
  }

  /** Everything there is, for a style that is built anew. */
  collection(): FeatureCollection {
    this.add.clear();
    this.remove.clear();
    return { type: "FeatureCollection", features: [...this.shown.values()].flatMap((one) => one.parts) };
  }

  /** From now on updates go to this source; null: there is none for the moment, changes gather. */
  attach(source: GeoJSONSource | null): void {
    this.source = source;
    this.busy = false;
  }

  /** Send what gathered. While the map still works on the last update, more may gather: nothing queues up. */
  flush(): void {
    const source = this.source;
    if (!source || this.busy || (this.add.size === 0 && this.remove.size === 0)) return;
    const diff = { add: [...this.add.values()], remove: [...this.remove] };
    this.add.clear();
    this.remove.clear();
    this.busy = true;
    const done = (): void => {
      if (this.source !== source) return;
      this.busy = false;
      this.flush();
    };
    source.updateData(diff).then(done, done);
  }

  private holds(feature: Feature, nowMs: number): boolean {
    return this.kind.holds?.(feature, nowMs) ?? true;
  }

  /** Take the first free place at a spot. Nobody who stands there is moved. */
  private enter(id: string, spot: string | null): number {
    if (spot === null) return 0;
    const places = this.spots.get(spot) ?? [];
    const free = places.indexOf(undefined);
    const slot = free < 0 ? places.length : free;
    places[slot] = id;
    this.spots.set(spot, places);
    return slot;
  }

  private leave(id: string, spot: string | null): void {
    if (spot === null) return;
    const places = this.spots.get(spot) ?? [];
    const slot = places.indexOf(id);
    if (slot >= 0) places[slot] = undefined;
    if (places.every((one) => one === undefined)) this.spots.delete(spot);
  }

  private drop(id: string): void {
    this.add.delete(id);
    this.remove.add(id);
  }
}
