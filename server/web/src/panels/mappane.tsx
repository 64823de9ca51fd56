/** The map in the middle. It may fail (no WebGL, no base map): then it says so, and the panels go on. */
import { effect } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { onChange } from "../desk";
import { lang, t } from "../i18n";
import { bounds } from "../map/geometry";
import { MapView } from "../map/view";
import { mapView } from "../mapview";
import { followObjects, sameAs } from "../objects";
import * as state from "../state";
import { theme } from "../theme";
import { Icon } from "./icon";
import { Search } from "./search";

/** What the first look at a situation takes in: where something is, not the wide frames around it. */
const FIRST_LOOK: [layer: string, part: string][] = [["missions", "mission"], ["units", "unit"], ["drones", "drone"], ["crowd", "region"]];

function words(): Record<string, string> {
  return {
    "Map.Title": t("map.label"), "NavigationControl.ZoomIn": t("map.zoomin"), "NavigationControl.ZoomOut": t("map.zoomout"),
    "ScaleControl.Meters": "m", "ScaleControl.Kilometers": "km",
  };
}

/** Fit the view to what there is. */
export function lookAtAll(): void {
  const view = mapView.value;
  const features = FIRST_LOOK.flatMap(([layer, part]) => state.picture.of(layer, part)).map((feature) => feature.geometry);
  const box = bounds(features) ?? view?.placeBox;
  if (view && box) view.fit(box);
}

/** Join map and state; returns how to part them again. */
function join(container: HTMLElement): () => void {
  const config = state.config.value?.map ?? {};
  const data = state.config.value?.base ?? null;
  const view = new MapView(container, config, data, words(), {
    select: (id) => (state.selected.value = id),
    fault: (reason) => (state.mapFault.value = reason),
  });
  const stops: (() => void)[] = [() => view.remove()];
  const stop = (): void => {
    for (const one of stops) one();
    mapView.value = null;
  };
  const put = (ids: Iterable<string>): void =>
    view.put(ids, (id) => state.picture.layer(id), state.picture.features, state.clock.now(), lang.value);
  put(state.picture.features.keys());
  mapView.value = view;
  let seen: string | null = null;
  const firstLook = (): void => {
    // Once per situation, when its first features are here; after that the view is the dispatcher's.
    if (seen === state.situationId.value || state.picture.features.size === 0) return;
    seen = state.situationId.value;
    lookAtAll();
  };
  stops.push(
    onChange((ids) => {
      put(ids);
      firstLook();
    }),
    effect(() => void view.restyle(theme.value)),
    effect(() => {
      void state.tick.value;
      void state.clockChanged.value;
      view.age(state.clock.now(), lang.value);
    }),
    effect(() => view.redraw(state.clock.now(), lang.value)),
    effect(() => view.show({ hidden: state.hiddenLayers.value, base: state.baseVisible.value, labels: state.labelsVisible.value })),
    follow(view),
    followObjects(
      () => view.box,
      (ids) => view.put(ids, () => "objects", state.ownFeatures.peek(), state.clock.now(), lang.value),
    ),
    effect(() => view.replaceWater(sameAs(state.ownFeatures.value))),
  );
  const watcher = new ResizeObserver(() => view.resize());
  watcher.observe(container);
  stops.push(() => watcher.disconnect());
  firstLook();
  if (!seen && view.placeBox) view.fit(view.placeBox);
  return stop;
}

/** The mark of the selection goes along with its feature; choosing one brings it into view. */
function follow(view: MapView): () => void {
  let last: string | null = null;
  return effect(() => {
    const id = state.selected.value;
    const geometry = id ? (state.watchFeature(id)?.geometry ?? null) : null;
    view.select(geometry);
    if (id !== last && geometry) view.reveal(geometry);
    last = id;
  });
}

export function MapPane(): JSX.Element {
  const container = useRef<HTMLDivElement>(null);
  const ready = state.config.value !== null;
  useEffect(() => {
    const element = container.current;
    if (!element || !ready) return;
    try {
      return join(element);
    } catch (error) {
      console.warn("no map", error);
      state.mapFault.value = "webgl";
      return undefined;
    }
  }, [ready]);
  const fault = state.mapFault.value;
  return (
    <section class="map" aria-label={t("map.label")} data-testid="map">
      <div class="canvas" ref={container} />
      <Search />
      <div class="map-buttons">
        <button type="button" onClick={lookAtAll} title={t("map.fit")} aria-label={t("map.fit")}><Icon name="fit" /></button>
      </div>
      {fault && <p class="map-fault" role="alert">{fault === "webgl" ? t("map.failed") : t("map.base.failed")}</p>}
    </section>
  );
}
