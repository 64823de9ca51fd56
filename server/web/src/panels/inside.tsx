/** What is known of the inside of a building whose owner consents: rooms, persons, devices; the gravest first. */
import type { JSX } from "preact";
import { titleOf } from "../alarms";
import { devicePaint } from "../colours";
import { deviceValue, placeText } from "../facts";
import { lang, t, valueName } from "../i18n";
import { selected, watch, watchNow } from "../state";
import type { Feature } from "../wire";
import { Maps, MarkRoom, Orders } from "./control";
import { Age } from "./parts";
import { Pictures } from "./pictures";

const RANK: Record<string, number> = { ALARM: 0, WARNING: 1, ERROR: 2, UNKNOWN: 3, OK: 4 };

const rank = (device: Feature): number => RANK[String(device.properties["state"])] ?? 3;

export function Inside({ building }: { building: Feature }): JSX.Element {
  return (
    <>
      <Maps building={building} />
      <Pictures building={building} />
      <Rooms building={building.id} />
      <Persons building={building.id} />
      <Devices building={building.id} />
    </>
  );
}

const inside = (part: string, building: string): Feature[] => watch("buildings", part).filter((one) => one.properties["building"] === building);

const statusOf = (room: Feature): string[] => (Array.isArray(room.properties["status"]) ? room.properties["status"].map(String) : []);

/** Rooms with smoke or fire first, then by floor. */
function Rooms({ building }: { building: string }): JSX.Element | null {
  const rooms = inside("room", building);
  if (rooms.length === 0) return null;
  const level = (room: Feature): number => (typeof room.properties["level"] === "number" ? room.properties["level"] : 0);
  rooms.sort((a, b) => statusOf(b).length - statusOf(a).length || level(b) - level(a) || titleOf(a).localeCompare(titleOf(b), "de"));
  return (
    <>
      <h4>{t("detail.rooms")}</h4>
      <ul class="device-list" data-testid="rooms">
        {rooms.map((room) => (
          <li key={room.id}>
            {statusOf(room).map((one) => <span class="mark alarm-mark" key={one}>{valueName("status", one)}</span>)}
            <button type="button" class="link" onClick={() => (selected.value = room.id)}>{titleOf(room)}</button>
            <span>{typeof room.properties["floor"] === "string" ? room.properties["floor"] : ""}</span>
            <MarkRoom room={room} />
            <Age iso={room.properties.observed_at} short />
          </li>
        ))}
      </ul>
    </>
  );
}

function Persons({ building }: { building: string }): JSX.Element | null {
  const persons = inside("occupant", building);
  if (persons.length === 0) return null;
  return (
    <>
      <h4>{t("detail.persons")} <span class="mark personal" title={t("detail.personal.note")}>{t("detail.personal")}</span></h4>
      <ul class="device-list" data-testid="persons">
        {persons.map((person) => {
          const p = person.properties;
          const [first] = (p["places"] ?? []) as Record<string, unknown>[];
          return (
            <li key={person.id}>
              <span class="mark">{typeof p["present"] === "string" ? valueName("present", p["present"]) : t("state.unknown")}</span>
              <button type="button" class="link" onClick={() => (selected.value = person.id)}>{titleOf(person)}</button>
              <span>{first ? placeText(first, lang.value) : ""}</span>
              <Age iso={p.observed_at} short />
            </li>
          );
        })}
      </ul>
    </>
  );
}

function Devices({ building }: { building: string }): JSX.Element | null {
  const devices = watch("devices").filter((one) => one.properties["building"] === building);
  if (devices.length === 0) return null;
  devices.sort((a, b) => rank(a) - rank(b) || titleOf(a).localeCompare(titleOf(b), "de", { numeric: true }));
  return (
    <>
      <h4>{t("layer.devices")}</h4>
      <ul class="device-list" data-testid="devices">
        {devices.map((device) => <Row key={device.id} device={device} />)}
      </ul>
    </>
  );
}

function Row({ device }: { device: Feature }): JSX.Element {
  const p = device.properties;
  const state = typeof p["state"] === "string" ? p["state"] : "UNKNOWN";
  const paint = devicePaint(state);
  return (
    <li>
      <span class="mark" style={{ backgroundColor: paint.fill, color: paint.ink }}>{valueName("state", state)}</span>
      <button type="button" class="link" onClick={() => (selected.value = device.id)}>{titleOf(device)}</button>
      <span>{deviceValue(device, watchNow(), lang.value)}</span>
      <Orders device={device} />
      <Age iso={p.observed_at} short />
    </li>
  );
}
