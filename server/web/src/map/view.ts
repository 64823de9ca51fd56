/** The map on the screen. Knows MapLibre; gets features, a theme, switches and a selection, and tells what was clicked. */
import { Map as MapLibre, NavigationControl, ScaleControl, setWorkerUrl, type GeoJSONSource, type MapMouseEvent } from "maplibre-gl";
import workerUrl from "maplibre-gl/dist/maplibre-gl-worker.mjs?url";
import type { Geometry } from "geojson";
import type { Lang } from "../age";
import type { BaseInfo, MapConfig } from "../api";
import { calm, type Theme } from "../theme";
import type { Feature } from "../wire";
import { dataBase } from "./basedata";
import { BASE_WATER } from "./baselabels";
import { externalBase, hasExternal, type Base } from "./external";
import { LayerFeed } from "./feed";
import { bounds, type Box } from "./geometry";
import { drawImage, PIXEL_RATIO } from "./icons";
import { LAYERS } from "./layers";
import { palette } from "./palette";
import { planStyle, SELECTION, selectionData, sourceOf, type Plan } from "./style";

setWorkerUrl(workerUrl);

const CLICK_RADIUS_PX = 6;
const CLOSE_ZOOM = 17.5;
/** Looking up what lies under the pointer costs time where there are thousands of signs. */
const HOVER_EVERY_MS = 80;

export interface MapEvents {
  select(id: string | null): void;
  fault(reason: string | null): void;
}

export interface Switches {
  hidden: ReadonlySet<string>;
  base: boolean;
  labels: boolean;
}

export class MapView {
  private readonly map: MapLibre;
  private readonly feeds = new Map<string, LayerFeed>(LAYERS.map((kind) => [kind.name, new LayerFeed(kind)]));
  private plan: Plan | null = null;
  private base: Base["sources"] = {};
  private switches: Switches = { hidden: new Set(), base: true, labels: true };
  private selected: Geometry | null = null;
  private replaced: readonly string[] = [];
  private styles = 0;
  private faulty: string | null = null;
  private hoveredAt = 0;
  /** The newest style is on the screen: its layers can be switched. */
  private attached = false;
  private drawn = false;

  constructor(
    container: HTMLElement,
    private readonly config: MapConfig,
    private readonly data: BaseInfo | null,
    words: Record<string, string>,
    private readonly events: MapEvents,
  ) {
    this.map = new MapLibre({
      container, style: { version: 8, sources: {}, layers: [] }, center: [8.78, 51.83], zoom: 14, maxZoom: 20,
      dragRotate: false, pitchWithRotate: false, touchPitch: false, fadeDuration: 0, attributionControl: { compact: false },
      locale: words,
    });
    this.map.touchZoomRotate.disableRotation();
    this.map.addControl(new NavigationControl({ showCompass: false }), "top-right");
    this.map.addControl(new ScaleControl({ unit: "metric", maxWidth: 140 }), "bottom-left");
    this.map.setMissingStyleImageResolver((name) => this.supply(name));
    this.map.on("click", (event) => this.clicked(event));
    this.map.on("mousemove", (event) => this.hovered(event));
    this.map.on("style.load", () => this.attach());
    this.map.on("render", () => {
      this.drawn ||= this.attached && this.groundLoaded();
    });
    this.map.on("error", (event) => this.failed((event as { sourceId?: string }).sourceId, event.error));
    this.map.on("sourcedata", (event) => {
      if (event.sourceId === this.faulty && event.isSourceLoaded) this.failed(undefined, null);
    });
  }

  /** Where the place is that the base map shows, for a first look while nothing has happened. */
  get placeBox(): Box | null {
    return this.data?.bbox ?? null;
  }

  /** Build the style anew for a theme. What is built later wins, whichever base map answers first. */
  async restyle(theme: Theme): Promise<void> {
    const turn = ++this.styles;
    const colours = palette(theme);
    let base: Base = { sources: {}, ground: [], labels: [] };
    try {
      if (hasExternal(this.config)) base = await externalBase(this.config, colours, theme);
      else if (this.data) base = dataBase(this.data, colours);
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      this.events.fault(error.message);
    }
    if (turn !== this.styles) return;
    this.base = base.sources;
    this.attached = this.drawn = false;
    for (const feed of this.feeds.values()) feed.attach(null);
    this.plan = planStyle(colours, base, this.feeds.values(), this.selected);
    this.map.setStyle(this.plan.style, { diff: false });
  }

  put(ids: Iterable<string>, layerOf: (id: string) => string | undefined, features: ReadonlyMap<string, Feature>, nowMs: number, lang: Lang): void {
    for (const id of ids) {
      const feature = features.get(id);
      const layer = feature ? layerOf(id) : undefined;
      for (const [name, feed] of this.feeds) if (name === layer || feature === undefined) feed.put(id, feature, nowMs, lang);
    }
    this.flush();
  }

  age(nowMs: number, lang: Lang): void {
    for (const feed of this.feeds.values()) feed.age(nowMs, lang);
    this.flush();
  }

  redraw(nowMs: number, lang: Lang): void {
    for (const feed of this.feeds.values()) feed.redraw(nowMs, lang);
    this.flush();
  }

  show(switches: Switches): void {
    this.switches = switches;
    const plan = this.plan;
    if (!plan || !this.attached) return;
    for (const [name, ids] of plan.ofLayer) for (const id of ids) this.visible(id, !switches.hidden.has(name) && (switches.labels || !plan.texts.includes(id)));
    for (const id of plan.base) this.visible(id, switches.base && (switches.labels || !plan.texts.includes(id)));
  }

  /** Water points of the base map that are the operator's own hydrants, by their names in it: each is drawn once. */
  replaceWater(names: readonly string[]): void {
    if (names.join() === this.replaced.join()) return;
    this.replaced = names;
    this.hideReplaced();
  }

  select(geometry: Geometry | null): void {
    this.selected = geometry;
    void (this.map.getSource(SELECTION) as GeoJSONSource | undefined)?.setData(selectionData(geometry));
  }

  /** Bring a geometry into view; never nearer than needed for a point that is in view already. */
  goTo(geometry: Geometry): void {
    const box = bounds([geometry]);
    if (!box) return;
    if (geometry.type === "Point") {
      const zoom = Math.max(this.map.getZoom(), CLOSE_ZOOM);
      this.map.easeTo({ center: [box[0], box[1]], zoom, animate: !calm(), duration: 500 });
    } else this.fit(box, 17);
  }

  /** Move only if the geometry is not in view: a click in a list must not throw the picture around. */
  reveal(geometry: Geometry): void {
    const box = bounds([geometry]);
    const view = this.map.getBounds();
    if (!box || (view.contains([box[0], box[1]]) && view.contains([box[2], box[3]]))) return;
    if (geometry.type === "Point") this.map.easeTo({ center: [box[0], box[1]], animate: !calm(), duration: 500 });
    else this.fit(box, 17);
  }

  fit(box: Box, maxZoom = 16.5): void {
    this.map.fitBounds(box, { padding: 70, maxZoom, animate: !calm(), duration: 500 });
  }

  resize(): void {
    this.map.resize();
  }

  remove(): void {
    this.map.remove();
  }

  /** For tests and the curious, read only: what is drawn of a layer within the view, as situation ids and map properties. */
  rendered(layer: string): { id: string; properties: Record<string, unknown> }[] {
    const layers = (this.plan?.ofLayer.get(layer) ?? []).filter((id) => this.map.getLayer(id));
    if (layers.length === 0) return [];
    return this.map.queryRenderedFeatures({ layers }).map((one) => ({ id: String(one.properties["fid"]), properties: { ...one.properties } }));
  }

  /** Texts and areas of the base map that are drawn within the view. */
  renderedBase(): { layer: string; properties: Record<string, unknown> }[] {
    const layers = (this.plan?.base ?? []).filter((id) => this.map.getLayer(id));
    return layers.length ? this.map.queryRenderedFeatures({ layers }).map((one) => ({ layer: one.layer.id, properties: { ...one.properties } })) : [];
  }

  /** The ground is drawn and the view stands still; what happens on it may go on changing. */
  get isReady(): boolean {
    return this.attached && this.drawn && !this.map.isMoving() && this.groundLoaded();
  }

  get camera(): { center: [number, number]; zoom: number } {
    const { lng, lat } = this.map.getCenter();
    return { center: [lng, lat], zoom: this.map.getZoom() };
  }

  /** What is seen: west, south, east, north. */
  get box(): Box {
    const { _sw: low, _ne: high } = this.map.getBounds();
    return [low.lng, low.lat, high.lng, high.lat];
  }

  /** Where a position is drawn, in pixels of the map. */
  project(lon: number, lat: number): { x: number; y: number } {
    const { x, y } = this.map.project([lon, lat]);
    return { x, y };
  }

  private groundLoaded(): boolean {
    return Object.keys(this.base).every((id) => this.map.isSourceLoaded(id));
  }

  private attach(): void {
    this.attached = this.plan !== null;
    for (const [name, feed] of this.feeds) {
      feed.attach((this.map.getSource(sourceOf(name)) as GeoJSONSource | undefined) ?? null);
      feed.flush();
    }
    this.show(this.switches);
    this.hideReplaced();
  }

  private hideReplaced(): void {
    if (!this.attached || !this.map.getLayer(BASE_WATER)) return;
    this.map.setFilter(BASE_WATER, this.replaced.length ? ["match", ["coalesce", ["get", "osm"], ""], [...this.replaced], false, true] : true);
  }

  private flush(): void {
    for (const feed of this.feeds.values()) feed.flush();
  }

  private visible(id: string, on: boolean): void {
    if (this.map.getLayer(id)) this.map.setLayoutProperty(id, "visibility", on ? "visible" : "none");
  }

  private supply(name: string): void {
    const image = drawImage(name);
    if (image && !this.map.hasImage(name)) this.map.addImage(name, image, { pixelRatio: PIXEL_RATIO });
  }

  private hovered(event: MapMouseEvent): void {
    const now = performance.now();
    if (now - this.hoveredAt < HOVER_EVERY_MS) return;
    this.hoveredAt = now;
    this.map.getCanvas().style.cursor = this.pick(event) ? "pointer" : "";
  }

  private clicked(event: MapMouseEvent): void {
    this.events.select(this.pick(event));
  }

  private pick(event: MapMouseEvent): string | null {
    if (!this.plan) return null;
    const layers = [...this.plan.ofLayer.values()].flat().filter((id) => this.map.getLayer(id));
    if (layers.length === 0) return null;
    const { x, y } = event.point;
    const found = this.map.queryRenderedFeatures([[x - CLICK_RADIUS_PX, y - CLICK_RADIUS_PX], [x + CLICK_RADIUS_PX, y + CLICK_RADIUS_PX]], { layers });
    const id = found[0]?.properties["fid"] as unknown;
    return typeof id === "string" ? id : null;
  }

  private failed(sourceId: string | undefined, error: { message: string } | null): void {
    this.faulty = sourceId ?? null;
    this.events.fault(error ? error.message : null);
  }
}
