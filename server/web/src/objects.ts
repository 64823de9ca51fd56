/** The operator's own objects: asked of the server by layer, kept apart from the picture, drawn and chosen like its features. */
import { effect } from "@preact/signals";
import { ApiError, get } from "./api";
import type { Why } from "./i18n";
import * as state from "./state";
import type { Feature } from "./wire";

export interface OwnLayer {
  name: string;
  title: string;
  kind: string;
  purpose: string;
  mission_only: boolean;
  version: string | null;
  data_at: string | null;
  failing: boolean;
  count: number | null;
  trouble?: string | null;
  trouble_why?: Why | null;
  refusals?: number;
}

interface Items {
  features: Feature[];
  truncated: boolean;
}

const EVERY_MS = 30_000;
const LOOK_MS = 2_000;

/** The switch of a layer, as hiddenLayers names it. */
export const switchOf = (name: string): string => `objects:${name}`;

interface Kept {
  mark: string;
  features: Feature[];
  truncated: boolean;
}

/** What the base map calls the water points that are among these, in a fixed order. */
export function sameAs(features: ReadonlyMap<string, Feature>): string[] {
  return [...features.values()].map((one) => one.properties["same_as"]).filter((one): one is string => typeof one === "string").sort();
}

/** Ask as long as somebody is signed in, and tell `draw` which ids to look at again. Returns how to stop. */
export function followObjects(view: () => [number, number, number, number] | null, draw: (ids: Iterable<string>) => void): () => void {
  const kept = new Map<string, Kept>();
  let over = false;
  let busy = false;
  let again = false;

  const show = (): void => {
    const before = state.ownFeatures.peek();
    const shown = new Map<string, Feature>();
    for (const [name, one] of kept) {
      if (!state.hiddenLayers.peek().has(switchOf(name))) for (const feature of one.features) shown.set(feature.id, feature);
    }
    state.ownFeatures.value = shown;
    draw(new Set([...before.keys(), ...shown.keys()]));
  };

  const load = async (fresh: boolean): Promise<void> => {
    const situation = state.situationId.peek() ?? "live";
    const where = `situation=${encodeURIComponent(situation)}`;
    if (fresh) state.ownLayers.value = (await get<{ layers: OwnLayer[] }>(`/objects?${where}`)).layers;
    const layers = state.ownLayers.peek();
    for (const name of [...kept.keys()]) if (!layers.some((one) => one.name === name)) kept.delete(name);
    for (const layer of layers) {
      if (state.hiddenLayers.peek().has(switchOf(layer.name)) || layer.version === null) continue;
      const known = kept.get(layer.name);
      // Of a layer that is too large for one answer only what lies in the view is asked for.
      const box = known?.truncated ? view() : null;
      const mark = `${situation} ${layer.version} ${box?.map((one) => one.toFixed(3)).join() ?? ""}`;
      if (known?.mark === mark) continue;
      const within = box ? `&bbox=${box.join()}` : "";
      const items = await get<Items>(`/objects/${layer.name}?${where}${within}`);
      kept.set(layer.name, { mark, features: items.features, truncated: items.truncated || box !== null });
    }
    if (!over) show();
  };

  const ask = (fresh: boolean): void => {
    again ||= busy;
    if (busy || over || !state.session.peek() || state.situationId.peek() === null) return;
    busy = true;
    load(fresh)
      .catch((error: unknown) => {
        // What was seen stays with its age; the link says in plain sight that the server is away.
        if (!(error instanceof ApiError || error instanceof TypeError)) throw error;
      })
      .finally(() => {
        busy = false;
        if (again) {
          again = false;
          ask(false);
        }
      });
  };

  const timers = [setInterval(() => ask(true), EVERY_MS), setInterval(() => [...kept.values()].some((one) => one.truncated) && ask(false), LOOK_MS)];
  const stop = effect(() => {
    void state.hiddenLayers.value;
    void state.situationId.value;
    ask(state.ownLayers.peek().length === 0);
    show();
  });
  return () => {
    over = true;
    stop();
    for (const timer of timers) clearInterval(timer);
  };
}
