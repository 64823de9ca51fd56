/** What the screen knows: signals that panels read. desk.ts is the only one that writes the upper half. */
import { computed, signal, type Signal } from "@preact/signals";
import type { ServerConfig, SituationInfo } from "./api";
import { SituationClock } from "./clock";
import type { Key } from "./i18n";
import type { LinkState } from "./link";
import type { OwnLayer } from "./objects";
import { Picture } from "./picture";
import type { Session } from "./session";
import type { Feature, Hello } from "./wire";

export const session = signal<Session | null>(null);
/** Why nobody is signed in; null while somebody is. */
export const signInNote = signal<Key | null>("signin.working");
export const config = signal<ServerConfig | null>(null);
export const situations = signal<SituationInfo[]>([]);
export const situationId = signal<string | null>(null);
export const hello = signal<Hello | null>(null);
export const link = signal<{ state: LinkState; reason: string }>({ state: "connecting", reason: "" });
/** performance.now() of the last word from the server. */
export const heardAt = signal<number | null>(null);

export const picture = new Picture();
export const clock = new SituationClock(() => performance.now());
/** Bumped whenever the clock was told something new (speed, pause, jump). */
export const clockChanged = signal(0);
/** Bumped each second: whoever reads it shows ages. */
export const tick = signal(0);

/** Ids of selected feature, and of the layers that the map does not draw. */
export const selected = signal<string | null>(null);
export const hiddenLayers = signal<ReadonlySet<string>>(new Set());
/** The operator's own layers, and of those that are switched on the objects (objects.ts). */
export const ownLayers = signal<OwnLayer[]>([]);
export const ownFeatures = signal<ReadonlyMap<string, Feature>>(new Map());
export const baseVisible = signal(true);
export const labelsVisible = signal(true);
/** The map cannot be drawn, or its background is disturbed: shown in words. */
export const mapFault = signal<string | null>(null);

const versions = new Map<string, Signal<number>>();

function version(layer: string): Signal<number> {
  let found = versions.get(layer);
  if (!found) {
    found = signal(0);
    versions.set(layer, found);
  }
  return found;
}

/** Tell the panels of these layers that something in them changed. */
export function bump(layers: Iterable<string>): void {
  for (const layer of layers) version(layer).value += 1;
}

/** Features of a layer; a component that calls this is drawn again when the layer changes. */
export function watch(layer: string, part?: string): Feature[] {
  void version(layer).value;
  return picture.of(layer, part);
}

/** One feature by id; a component that calls this is drawn again when its layer changes. */
export function watchFeature(id: string): Feature | undefined {
  if (id.startsWith("own:")) return ownFeatures.value.get(id);
  const layer = picture.layer(id);
  if (layer === undefined) {
    void anything.value;
    return undefined;
  }
  void version(layer).value;
  return picture.features.get(id);
}

/** Bumped with every change of the picture. */
export const anything = signal(0);

/** The situation's time in milliseconds; a component that calls this is drawn again each second and at each clock change. */
export function watchNow(): number {
  void tick.value;
  void clockChanged.value;
  return clock.now();
}

/** True when the situation shown is an exercise. Until the server has said so, the list of situations decides. */
export const isExercise = computed(() => {
  const said = hello.value;
  if (said && said.situation === situationId.value) return said.status === "Exercise";
  const info = situations.value.find((one) => one.id === situationId.value);
  return info ? info.status === "Exercise" : false;
});

export const situation = computed(() => situations.value.find((one) => one.id === situationId.value) ?? null);
export const role = computed(() => session.value?.role ?? "");
/** Who may write notes, verdicts and seen marks. */
export const mayReport = computed(() => role.value === "control");
/** Who may steer exercises. */
export const mayPlan = computed(() => role.value === "planner" || role.value === "admin");
