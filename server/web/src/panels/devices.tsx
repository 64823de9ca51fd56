/** The devices of a building, the gravest first: where it burns, what is open, who may be there. */
import type { JSX } from "preact";
import { titleOf } from "../alarms";
import { devicePaint } from "../colours";
import { deviceValue } from "../facts";
import { lang, t, valueName } from "../i18n";
import { selected, watch, watchNow } from "../state";
import type { Feature } from "../wire";
import { Age } from "./parts";

const RANK: Record<string, number> = { ALARM: 0, WARNING: 1, ERROR: 2, UNKNOWN: 3, OK: 4 };

const rank = (device: Feature): number => RANK[String(device.properties["state"])] ?? 3;

export function Devices({ building }: { building: string }): JSX.Element | null {
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
      <Age iso={p.observed_at} short />
    </li>
  );
}
