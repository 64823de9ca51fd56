/** The missions: open ones first, new ones marked, each with its crews. */
import type { JSX } from "preact";
import { isStale } from "../age";
import { isNewMission } from "../alarms";
import { addressText, positionText, shortened } from "../facts";
import { t, valueName } from "../i18n";
import { picture, selected, watch, watchNow } from "../state";
import type { Feature } from "../wire";
import { Age, Fms, StaleMark, useRows } from "./parts";
import { placedText } from "./place";

interface UnitState {
  id: string;
  call_sign: string | null;
  fms_status: number | null;
}

const issued = (feature: Feature): string => String(feature.properties["issued_at"] ?? feature.properties.observed_at ?? "");

/** Open before ended, new before known, the youngest first. */
export function ordered(missions: Feature[], nowMs: number): Feature[] {
  const rank = (one: Feature): number => (one.properties["state"] === "ended" ? 2 : isNewMission(one, nowMs) ? 0 : 1);
  return [...missions].sort((a, b) => rank(a) - rank(b) || issued(b).localeCompare(issued(a)) || a.id.localeCompare(b.id));
}

export function Missions(): JSX.Element {
  const now = watchNow();
  const missions = ordered(watch("missions"), now);
  watch("units");
  const open = missions.filter((one) => one.properties["state"] !== "ended").length;
  const rows = useRows("[role=option]");
  const current = missions.some((one) => one.id === selected.value) ? selected.value : missions[0]?.id;
  return (
    <section class="panel missions" aria-labelledby="missions-title">
      <h2 id="missions-title">
        {t("missions.title")} <span class="count">{t("missions.open", { n: open })}</span>
      </h2>
      {missions.length === 0 ? (
        <p class="empty">{t("missions.none")}</p>
      ) : (
        <ul role="listbox" aria-labelledby="missions-title" ref={rows.ref as never} onKeyDown={rows.onKeyDown} data-testid="missions">
          {missions.map((one) => (
            <Row key={one.id} mission={one} focusable={one.id === current} fresh={isNewMission(one, now)} />
          ))}
        </ul>
      )}
    </section>
  );
}

/** The address; without one the position in digits, for it is somewhere. */
function placeText(mission: Feature): string {
  const address = addressText(mission.properties["address"]);
  if (address) return address;
  return mission.geometry?.type === "Point" ? positionText(mission.geometry.coordinates) : t("missions.noplace");
}

function Row({ mission, focusable, fresh }: { mission: Feature; focusable: boolean; fresh: boolean }): JSX.Element {
  const p = mission.properties;
  const ended = p["state"] === "ended";
  const stale = isStale(mission, watchNow());
  const classes = ["row", "mission", ended && "ended", fresh && "urgent", stale && "worn"].filter(Boolean).join(" ");
  const placed = placedText(mission);
  const keyword = [p["keyword_short"], p["keyword"] ?? p.title].filter((one, i, all) => one && all.indexOf(one) === i).join(" · ");
  return (
    <li role="option" class={classes} tabIndex={focusable ? 0 : -1} aria-selected={selected.value === mission.id} data-id={mission.id} onClick={() => (selected.value = mission.id)}>
      <div class="line">
        {fresh && <span class="mark urgent-mark">{t("missions.urgent")}</span>}
        {ended && <span class="mark">{t("missions.ended")}</span>}
        <strong class="keyword">{keyword || valueName("category", String(p["category"] ?? "unknown"))}</strong>
        <StaleMark feature={mission} />
        <Age iso={issued(mission)} short />
      </div>
      <div class="place">{placeText(mission)}{placed && <> <span class="mark placed">{placed}</span></>}</div>
      <Crews mission={mission} />
    </li>
  );
}

/** The crews of a mission. The unit's own feature has the newest status; the mission's copy stands in where it is not shown. */
function Crews({ mission }: { mission: Feature }): JSX.Element {
  const states = (mission.properties["unit_states"] ?? []) as UnitState[];
  if (states.length === 0) return <div class="crews none">{t("missions.nounits")}</div>;
  const now = watchNow();
  return (
    <div class="crews">
      {states.map((one) => {
        const unit = picture.features.get(one.id);
        const status = unit ? unit.properties["fms_status"] : one.fms_status;
        return (
          <span class="crew" key={one.id}>
            <Fms status={status} stale={unit ? isStale(unit, now) : false} />
            {String(unit?.properties["name"] ?? one.call_sign ?? shortened(one.id))}
          </span>
        );
      })}
    </div>
  );
}
