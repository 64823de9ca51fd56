/** The map that is on the screen, for panels that point at it; null while there is none. */
import { signal } from "@preact/signals";
import type { MapView } from "./map/view";

export const mapView = signal<MapView | null>(null);
