/** The situation's layers that the map draws. A new layer is one module here and one line below. */
import type { LayerKind } from "../kind";
import { buildings } from "./buildings";
import { crowd } from "./crowd";
import { devices } from "./devices";
import { drones } from "./drones";
import { marks } from "./marks";
import { missions } from "./missions";
import { objects } from "./objects";
import { notes, reports } from "./reports";
import { routes } from "./routes";
import { units } from "./units";
import { warnings } from "./warnings";
import { water } from "./water";

export const LAYERS: readonly LayerKind[] = [missions, units, crowd, drones, buildings, devices, reports, warnings, marks, notes, routes, water, objects];
