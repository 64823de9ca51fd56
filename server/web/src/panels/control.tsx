/** Moving something in a home that is open to us: doors, lights, shutters, the light of a room; and the maps of its floors. */
import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { titleOf } from "../alarms";
import { devicePaint } from "../colours";
import { command, floorMaps, homes, markRoom, mayAsk, orders, picture as fetchPicture, type FloorMap } from "../homes";
import { t, valueName } from "../i18n";
import { picture, selected, watch, watchFeature } from "../state";
import { isTrouble } from "../trouble";
import type { Feature } from "../wire";
import { attempt, outcomeOf, permissionOf, refused } from "./access";
import { Said, type Outcome } from "./actions";

const TONES: Record<string, string> = { SUCCESS: "mark fresh-mark", PENDING: "mark personal" };

/** Buttons of an actuator, and what became of the last order. */
export function Orders({ device }: { device: Feature }): JSX.Element | null {
  const outcome = useSignal<Outcome>(null);
  const of = device.properties["building"];
  const building = typeof of === "string" ? watchFeature(of) : undefined;
  const status = device.properties["action_status"];
  const found = orders(device);
  const open = mayAsk.value && building && permissionOf(building) === "GRANTED" && homes.value.has(building.id);
  if (found.length === 0 || (!open && typeof status !== "string")) return null;
  return (
    <span class="orders" data-testid="orders" data-id={device.id}>
      {open && building && found.map(({ key, value }) => (
        <button type="button" key={key} disabled={status === "PENDING"} onClick={() => void attempt(() => command(building.id, device.id, value), (now) => (outcome.value = now), "")}>
          {t(`home.order.${key}`)}<span class="hidden"> {titleOf(device)}</span>
        </button>
      ))}
      {typeof status === "string" && <span class={TONES[status] ?? "mark alarm-mark"} role="status" data-status={status}>{valueName("action_status", status)}</span>}
      {outcome.value?.tone === "bad" && <Said outcome={outcome.value} />}
    </span>
  );
}

/** Have the light of a room blink, so that the crew finds it. */
export function MarkRoom({ room }: { room: Feature }): JSX.Element | null {
  const outcome = useSignal<Outcome>(null);
  const { building, markable, marked } = room.properties;
  if (!mayAsk.value || markable !== true || typeof building !== "string" || !homes.value.get(building)?.direct) return null;
  const act = (): void => {
    void markRoom(building, room.id, marked !== true).then((answer) => (outcome.value = outcomeOf(answer)), (error: unknown) => (outcome.value = refused(error)));
  };
  return (
    <span class="orders">
      <button type="button" aria-pressed={marked === true} onClick={act}>{t("home.mark")}<span class="hidden"> {titleOf(room)}</span></button>
      {outcome.value?.tone === "bad" && <Said outcome={outcome.value} />}
    </span>
  );
}

/** The maps of a building's floors, each device on its place in the colour of its state. */
export function Maps({ building }: { building: Feature }): JSX.Element | null {
  const maps = useSignal<(FloorMap & { shown: string })[]>([]);
  const granted = mayAsk.value && permissionOf(building) === "GRANTED" && homes.value.get(building.id)?.direct === true;
  const objects = watch("devices").filter((one) => one.properties["building"] === building.id).length;
  useEffect(() => {
    if (!granted) return undefined;
    let over = false;
    const held: string[] = [];
    const load = async (): Promise<void> => {
      try {
        const found = [];
        for (const one of await floorMaps(building.id)) {
          const shown = await fetchPicture(one.url);
          held.push(shown);
          found.push({ ...one, shown });
        }
        if (!over) maps.value = found;
      } catch (error) {
        if (!isTrouble(error)) throw error;
        // Consent may just have ended; then there are no maps.
      } finally {
        if (over) held.forEach((url) => URL.revokeObjectURL(url));
      }
    };
    void load();
    return () => {
      over = true;
      maps.value = [];
      held.forEach((url) => URL.revokeObjectURL(url));
    };
  }, [building.id, granted, objects]);
  if (!granted || maps.value.length === 0) return null;
  return (
    <>
      <h4>{t("home.maps")} <span class="mark personal" title={t("detail.personal.note")}>{t("detail.personal")}</span></h4>
      {maps.value.map((one) => <Floor key={one.floor} map={one} />)}
    </>
  );
}

function Floor({ map }: { map: FloorMap & { shown: string } }): JSX.Element {
  const size = useSignal<[number, number] | null>(null);
  return (
    <figure class="floor" data-testid="floor">
      <div class="plan">
        <img src={map.shown} alt={t("home.map", { name: map.name })} onLoad={(event) => (size.value = [event.currentTarget.naturalWidth, event.currentTarget.naturalHeight])} />
        {size.value && map.devices.map((place) => <Dot key={place.id} {...place} size={size.value as [number, number]} />)}
      </div>
      <figcaption>{map.name}</figcaption>
    </figure>
  );
}

function Dot({ id, x_px, y_px, size }: { id: string; x_px: number; y_px: number; size: [number, number] }): JSX.Element | null {
  watch("devices");
  const device = picture.features.get(id);
  if (!device) return null;
  const state = typeof device.properties["state"] === "string" ? device.properties["state"] : "UNKNOWN";
  const paint = devicePaint(state);
  const label = `${titleOf(device)}: ${valueName("state", state)}`;
  const place = { left: `${(100 * x_px) / size[0]}%`, top: `${(100 * y_px) / size[1]}%`, backgroundColor: paint.fill, borderColor: paint.ink };
  return <button type="button" class="dot" style={place} title={label} aria-label={label} onClick={() => (selected.value = id)} />;
}
