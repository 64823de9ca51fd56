/** The features of one situation as this browser has them: a cursor, the features, and which of them belong to which layer. */
import { applyDelta, touched, type Delta, type Feature } from "./wire";

export class Picture {
  readonly features = new Map<string, Feature>();
  private readonly layers = new Map<string, Set<string>>();
  private readonly layerOf = new Map<string, string>();
  rev = 0;
  epoch: string | undefined;

  /** Apply a delta; returns the ids to look at again (all, old and new, when it was full). Throws CursorMismatch. */
  apply(delta: Delta): Set<string> {
    const ids = new Set(delta.full ? this.features.keys() : []);
    this.rev = applyDelta(this.features, this.rev, delta);
    for (const id of touched(delta)) ids.add(id);
    for (const id of ids) this.index(id);
    return ids;
  }

  /** The server counts in another journal now: what we have stays on the screen until its first full delta. */
  begin(epoch: string): void {
    if (epoch !== this.epoch) {
      this.epoch = epoch;
      this.rev = 0;
    }
  }

  /** Forget everything, for another situation. Returns the ids that were there. */
  clear(): string[] {
    const ids = [...this.features.keys()];
    this.features.clear();
    this.layers.clear();
    this.layerOf.clear();
    this.rev = 0;
    this.epoch = undefined;
    return ids;
  }

  /** The features of a layer, optionally only those of one part. */
  of(layer: string, part?: string): Feature[] {
    const found: Feature[] = [];
    for (const id of this.layers.get(layer) ?? []) {
      const feature = this.features.get(id);
      if (feature && (part === undefined || feature.properties.part === part)) found.push(feature);
    }
    return found;
  }

  count(layer: string): number {
    return this.layers.get(layer)?.size ?? 0;
  }

  /** The layer that an id belongs or last belonged to. */
  layer(id: string): string | undefined {
    return this.layerOf.get(id);
  }

  get layerNames(): string[] {
    return [...this.layers.keys()];
  }

  private index(id: string): void {
    const feature = this.features.get(id);
    const before = this.layerOf.get(id);
    const after = feature?.properties.layer;
    if (before !== undefined && before !== after) this.layers.get(before)?.delete(id);
    if (after === undefined) {
      this.layerOf.delete(id);
      return;
    }
    if (before === after) return;
    this.layerOf.set(id, after);
    let members = this.layers.get(after);
    if (!members) {
      members = new Set();
      this.layers.set(after, members);
    }
    members.add(id);
  }
}
