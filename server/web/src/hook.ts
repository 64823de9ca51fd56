/** `window.lagebild`: a read-only look inside, for browser tests and for whoever mends a screen over the telephone. */
import { isStale } from "./age";
import { mapView } from "./mapview";
import { clock, hello, link, picture, role, selected, situationId } from "./state";

const look = {
  get rev() { return picture.rev; },
  get epoch() { return picture.epoch ?? null; },
  get situation() { return situationId.value; },
  get status() { return hello.value?.status ?? null; },
  get role() { return role.value; },
  get link() { return link.value.state; },
  get now() { return clock.now(); },
  get selected() { return selected.value; },
  get count() { return picture.features.size; },
  get mapReady() { return mapView.value?.isReady ?? false; },
  get camera() { return mapView.value?.camera ?? null; },
  /** Features of a layer as this browser has them, copied. */
  features: (layer: string) => structuredClone(picture.of(layer)),
  stale: (id: string) => {
    const feature = picture.features.get(id);
    return feature ? isStale(feature, clock.now()) : null;
  },
  /** What the map draws of a layer within its view. */
  rendered: (layer: string) => mapView.value?.rendered(layer) ?? [],
  renderedBase: () => mapView.value?.renderedBase() ?? [],
  project: (lon: number, lat: number) => mapView.value?.project(lon, lat) ?? null,
};

export type Look = typeof look;

export function installHook(): void {
  Object.defineProperty(window, "lagebild", { value: Object.freeze(look), writable: false, configurable: false });
}
