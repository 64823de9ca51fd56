/** The wire, protocol 1, as layers/wire.py has it: what the server says and how a delta is applied. docs/wire.md describes it. */
import type { Geometry } from "geojson";

export const PROTOCOL = 1;

export interface SourceRef {
  id: string;
  observed_at: string;
}

export interface Properties {
  layer: string;
  part?: string;
  title?: string | null;
  rev: number;
  observed_at?: string;
  reported_at?: string;
  received_at?: string;
  stale_at?: string | null;
  expires_at?: string | null;
  sources?: SourceRef[];
  flags?: string[];
  accuracy_m?: number | null;
  times?: Record<string, string>;
  [key: string]: unknown;
}

export interface Feature {
  id: string;
  type: "Feature";
  geometry: Geometry | null;
  properties: Properties;
}

export type ClockState = "running" | "paused" | "ended";

export interface Hello {
  protocol: number;
  situation: string;
  title: string;
  status: "Actual" | "Exercise";
  epoch: string;
  now: string;
  speed: number;
  state: ClockState;
  rev: number;
  role: string;
  name: string;
  unit: string | null;
  lang: string;
}

export interface Clock {
  situation: string;
  now: string;
  speed: number;
  state: ClockState;
}

export interface Patch {
  id: string;
  set: Record<string, unknown>;
  unset?: string[];
  geometry?: Geometry | null;
}

export interface Delta {
  situation: string;
  from: number;
  to: number;
  now: string;
  full: boolean;
  upsert: Feature[];
  patch?: Patch[];
  remove?: string[];
}

/** The delta does not continue where this client stands: reconnect with the own `rev`. */
export class CursorMismatch extends Error {}

/**
 * Apply a delta to `features` (id -> feature, changed in place) and return the new cursor.
 *
 * Removals come first, then whole features, then patches. Applying the same delta twice changes nothing. Throws
 * CursorMismatch, with `features` untouched, when the delta neither is full nor starts at `rev`, or patches a feature that is
 * not there (any more): the client then asks again with its cursor, or from the beginning.
 */
export function applyDelta(features: Map<string, Feature>, rev: number, delta: Delta): number {
  const patches = delta.patch ?? [];
  if (!delta.full && delta.to <= rev) return rev;
  if (!delta.full && delta.from !== rev) throw new CursorMismatch(`delta from ${delta.from} does not continue ${rev}`);
  const upsert = new Map(delta.upsert.map((feature) => [feature.id, feature]));
  const gone = new Set(delta.remove ?? []);
  for (const { id } of patches) {
    const known = upsert.has(id) || (!delta.full && features.has(id) && !gone.has(id));
    if (!known) throw new CursorMismatch(`patch of unknown feature ${id}`);
  }
  if (delta.full) features.clear();
  for (const id of gone) features.delete(id);
  for (const [id, feature] of upsert) features.set(id, feature);
  for (const patch of patches) {
    const feature = features.get(patch.id);
    if (feature) features.set(patch.id, patched(feature, patch));
  }
  return delta.to;
}

/** Ids of the features that a delta names: all that a display has to look at again. */
export function touched(delta: Delta): string[] {
  return [...(delta.remove ?? []), ...delta.upsert.map((feature) => feature.id), ...(delta.patch ?? []).map((patch) => patch.id)];
}

function patched(feature: Feature, patch: Patch): Feature {
  const properties: Properties = { ...feature.properties };
  for (const key of patch.unset ?? []) delete properties[key];
  Object.assign(properties, patch.set);
  const geometry = "geometry" in patch ? (patch.geometry ?? null) : feature.geometry;
  return { ...feature, geometry, properties };
}
