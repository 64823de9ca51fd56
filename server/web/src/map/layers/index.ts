/** The situation's layers that the map draws. A new layer is one module here and one line below. */
import type { LayerKind } from "../kind";
import { buildings } from "./buildings";
import { crowd } from "./crowd";
import { devices } from "./devices";
import { drones } from "./drones";
import { marks } from "./marks";
import { missions } from "./missions";
import { notes, reports } from "./reports";
import { units } from "./units";
import { warnings } from "./warnings";

export const LAYERS: readonly LayerKind[] = [missions, units, crowd, drones, buildings, devices, reports, warnings, marks, notes];
