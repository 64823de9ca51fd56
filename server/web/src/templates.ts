/** Bodies for injects as a planner needs them: NGSI entities with the place and the time filled in. */
import type { Key } from "./i18n";

export interface Place {
  lon: number;
  lat: number;
  now: string;
}

export interface Template {
  name: Key;
  body: (place: Place) => unknown;
}

const suffix = (now: string): string => now.replace(/\D/g, "").slice(8, 14);

const point = ({ lon, lat }: Place): unknown => ({ type: "geo:json", value: { type: "Point", coordinates: [round(lon), round(lat)] } });

const round = (value: number): number => Math.round(value * 1e6) / 1e6;

const append = (entity: Record<string, unknown>): unknown => ({ actionType: "append", entities: [entity] });

const text = (value: string): unknown => ({ type: "Text", value });

export const TEMPLATES: readonly Template[] = [
  {
    name: "template.mission",
    body: (place) => append({
      id: `urn:ngsi-ld:Alert:uebung-${suffix(place.now)}`, type: "Alert",
      externalId: text(`Ü-${suffix(place.now)}`), alertSource: text("Leitstelle"), category: text("security"), subCategory: text("buildingFire"),
      severity: text("high"), description: text("Feuermeldung, Rauch aus Fenster"), dateIssued: { type: "DateTime", value: place.now },
      location: point(place),
      data: { type: "StructuredValue", value: { alertKeyWord: "Feuer 2 Wohnungsbrand", alertKeyWordShort: "Fe2", metaCategory: "FIREFIGHTING" } },
    }),
  },
  {
    name: "template.unit",
    body: (place) => append({
      id: "urn:ngsi-ld:EmergencyVehicle:uebung-1", type: "EmergencyVehicle", name: text("Übung 1"), fleetVehicleId: text("Florian Übung 1"),
      vehicleType: text("HLF 20"), fmsStatus: { type: "Number", value: 3 }, location: point(place),
    }),
  },
  {
    name: "template.report",
    body: (place) => append({
      id: `urn:ngsi-ld:CitizenReport:uebung-${suffix(place.now)}`, type: "CitizenReport", dateCreated: { type: "DateTime", value: place.now }, location: point(place),
      sender: { type: "StructuredValue", value: { id: "uebung", name: "Übungsleitung" } },
      attachments: { type: "StructuredValue", value: [{ attachmentType: "TEXT", text: "Hier riecht es verbrannt." }] },
    }),
  },
];
