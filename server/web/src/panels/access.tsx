/** A home: asking its owner for access during a mission, what became of it, a text shown in the home; homes near a mission. */
import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { formatMoment, formatNumber } from "../age";
import { titleOf } from "../alarms";
import { alertHome, ask, giveBack, homes, mayAsk, metres, NEAR_M, refresh, resetAlarm } from "../homes";
import { lang, t, valueName } from "../i18n";
import { picture, selected, watch, watchNow } from "../state";
import { isTrouble, troubleText } from "../trouble";
import type { Feature } from "../wire";
import { Said, type Outcome } from "./actions";
import { Age } from "./parts";

const MARKS: Record<string, string> = { GRANTED: "mark fresh-mark", DENIED: "mark alarm-mark", REQUEST: "mark personal", PENDING: "mark personal" };
const UNDER_WAY = new Set(["REQUEST", "PENDING", "GRANTED"]);

export const permissionOf = (building: Feature): string => (typeof building.properties["permission"] === "string" ? building.properties["permission"] : "NONE");

/** Do it and say in words what became of it. */
export async function attempt(action: () => Promise<unknown>, tell: (outcome: Outcome) => void, done: string): Promise<boolean> {
  tell({ tone: "busy", text: t("action.sending") });
  try {
    await action();
    tell({ tone: "good", text: done });
    return true;
  } catch (error) {
    if (!isTrouble(error)) throw error;
    tell({ tone: "bad", text: t("action.refused", { reason: troubleText(error) }) });
    return false;
  }
}

/** The word for an outcome that a home gave at once. */
export const outcomeOf = ({ status }: { status: string }): Outcome => ({ tone: status === "SUCCESS" ? "good" : "bad", text: valueName("action_status", status) });

/** Where the request for access stands, and since when. */
export function Permission({ building }: { building: Feature }): JSX.Element {
  const permission = permissionOf(building);
  const since = building.properties.times?.["permission"] ?? building.properties.observed_at;
  return (
    <span class="permission" data-permission={permission}>
      <span class={MARKS[permission] ?? "mark"}>{valueName("permission", permission)}</span>
      {permission !== "NONE" && since && <small>{t("home.since", { time: formatMoment(since, watchNow(), lang.value) })} · <Age iso={since} /></small>}
    </span>
  );
}

export function Access({ building }: { building: Feature }): JSX.Element {
  const home = homes.value.get(building.id);
  const permission = permissionOf(building);
  const outcome = useSignal<Outcome>(null);
  const chosen = useSignal<string | null>(null);
  useEffect(() => {
    outcome.value = null;
    chosen.value = null;
  }, [building.id]);
  const missions = openMissions(building);
  const wanted = missions.find((one) => one.id === chosen.value) ?? missions[0];
  const asked = home?.mission ? picture.features.get(home.mission) : undefined;
  const tell = (now: Outcome): void => void (outcome.value = now);
  const after = async (action: () => Promise<unknown>, done: string): Promise<void> => {
    await attempt(action, tell, done);
    await refresh();
  };
  return (
    <section class="actions home" aria-label={t("home.access")} data-testid="access">
      <p class="line">
        <strong>{t("home.access")}</strong> <Permission building={building} />
        {asked && UNDER_WAY.has(permission) && <small>{t("home.for", { name: titleOf(asked) })}</small>}
      </p>
      {!mayAsk.value ? null : !home ? (
        <p class="hint">{t("home.away")}</p>
      ) : UNDER_WAY.has(permission) && home.mission ? (
        <button type="button" onClick={() => void after(() => giveBack(building.id), t("home.given_back"))}>{t("home.giveback")}</button>
      ) : !wanted ? (
        <p class="hint">{t("home.nomission")}</p>
      ) : (
        <p class="line">
          {missions.length > 1 && (
            <select aria-label={t("home.mission")} value={wanted.id} onChange={(event) => (chosen.value = event.currentTarget.value)}>
              {missions.map((one) => <option key={one.id} value={one.id}>{titleOf(one)}</option>)}
            </select>
          )}
          <button type="button" class="primary" title={t("home.ask.note")} onClick={() => void after(() => ask(building.id, wanted.id), t("home.asked"))}>{t("home.ask")}</button>
          {missions.length === 1 && <small>{t("home.for", { name: titleOf(wanted) })}</small>}
        </p>
      )}
      <Said outcome={outcome.value} />
      {mayAsk.value && home && !home.direct && <Announce building={building} />}
      {mayAsk.value && home?.direct && permission === "GRANTED" && (
        <button type="button" class="quiet" onClick={() => void resetAlarm(building.id).then((answer) => tell(outcomeOf(answer)), (error: unknown) => tell(refused(error)))}>{t("home.reset")}</button>
      )}
    </section>
  );
}

/** A refusal in words; what is no refusal is a fault of ours. */
export function refused(error: unknown): Outcome {
  if (!isTrouble(error)) throw error;
  return { tone: "bad", text: t("action.refused", { reason: troubleText(error) }) };
}

/** Open missions, the nearest first. */
function openMissions(building: Feature): Feature[] {
  const open = watch("missions", "mission").filter((one) => one.properties["state"] === "open");
  const far = (one: Feature): number => metres(one, building) ?? Number.POSITIVE_INFINITY;
  return open.sort((a, b) => far(a) - far(b));
}

/** A text for whoever is in the home. */
function Announce({ building }: { building: Feature }): JSX.Element {
  const text = useSignal("");
  const outcome = useSignal<Outcome>(null);
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    const said = text.value.trim();
    if (said && (await attempt(() => alertHome(building.id, said), (now) => (outcome.value = now), t("home.alerted")))) text.value = "";
  };
  return (
    <form class="note-form" onSubmit={(event) => void submit(event)}>
      <label>
        <span>{t("home.alert")}</span>
        <input type="text" maxLength={1000} value={text.value} placeholder={t("home.alert.example")} onInput={(event) => (text.value = event.currentTarget.value)} />
      </label>
      <button type="submit" disabled={!text.value.trim()}>{t("action.send")}</button>
      <Said outcome={outcome.value} />
    </form>
  );
}

/** Homes near a mission that can be asked, the nearest first. */
export function NearHomes({ mission }: { mission: Feature }): JSX.Element | null {
  const outcome = useSignal<Outcome>(null);
  const known = homes.value;
  const near = watch("buildings", "building")
    .filter((one) => known.has(one.id))
    .map((one) => ({ building: one, far: metres(one, mission) }))
    .filter((one): one is { building: Feature; far: number } => one.far !== null && one.far <= NEAR_M)
    .sort((a, b) => a.far - b.far);
  if (!mayAsk.value || near.length === 0 || mission.properties["state"] !== "open") return null;
  return (
    <>
      <h4>{t("home.near")}</h4>
      <ul class="device-list homes" data-testid="homes">
        {near.map(({ building, far }) => (
          <li key={building.id} data-id={building.id}>
            <button type="button" class="link" onClick={() => (selected.value = building.id)}>{titleOf(building)}</button>
            <span>{formatNumber(far, lang.value)} m</span>
            <Permission building={building} />
            {!UNDER_WAY.has(permissionOf(building)) && (
              <button type="button" onClick={() => void attempt(() => ask(building.id, mission.id), (now) => (outcome.value = now), t("home.asked")).then(refresh)}>{t("home.ask")}</button>
            )}
          </li>
        ))}
      </ul>
      <Said outcome={outcome.value} />
    </>
  );
}
