/** The table of units. Only rows in view are built, so that thousands of them scroll like ten. */
import { useComputed, useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { isStale, formatTime } from "../age";
import { titleOf } from "../alarms";
import { lang, t, valueName } from "../i18n";
import { picture, selected, watch, watchNow } from "../state";
import type { Feature } from "../wire";
import { Age, Fms } from "./parts";

const ROW_PX = 44;
/** Rows built above and below those in view. */
const SPARE = 6;

/** What a dispatcher looks for first: calls for help, then who is out, then who is free, then the rest. */
const RANK: Record<number, number> = { 0: 0, 5: 1, 4: 2, 3: 3, 7: 4, 8: 5, 1: 6, 2: 7, 9: 8, 6: 9 };

const collator = new Intl.Collator("de", { numeric: true });

/**
 * Units in that order. `before` is how they stood last time: sorting what is nearly sorted takes one comparison each, which
 * matters with thousands of units several times a second.
 */
export function orderedUnits(units: Feature[], before: readonly Feature[] = []): Feature[] {
  const rank = (one: Feature): number => RANK[one.properties["fms_status"] as number] ?? 10;
  const left = new Map(units.map((one) => [one.id, one]));
  const list: Feature[] = [];
  for (const { id } of before) {
    const now = left.get(id);
    if (now && left.delete(id)) list.push(now);
  }
  list.push(...left.values());
  return list.sort((a, b) => rank(a) - rank(b) || collator.compare(titleOf(a), titleOf(b)));
}

export function Units(): JSX.Element {
  const filter = useSignal("");
  const active = useSignal(0);
  const top = useSignal(0);
  const height = useSignal(400);
  const scroller = useRef<HTMLDivElement | null>(null);
  const sorted = useRef<Feature[]>([]);
  const rows = useComputed(() => {
    const wanted = filter.value.trim().toLocaleLowerCase(lang.value);
    const all = orderedUnits(watch("units"), sorted.current);
    sorted.current = all;
    return wanted ? all.filter((one) => searchable(one).includes(wanted)) : all;
  });
  useEffect(() => {
    const element = scroller.current;
    if (!element) return;
    const watcher = new ResizeObserver(() => (height.value = element.clientHeight));
    watcher.observe(element);
    return () => watcher.disconnect();
  }, []);
  const list = rows.value;
  const first = Math.max(0, Math.floor(top.value / ROW_PX) - SPARE);
  const last = Math.min(list.length, Math.ceil((top.value + height.value) / ROW_PX) + SPARE);
  const move = (to: number): void => {
    active.value = Math.max(0, Math.min(list.length - 1, to));
    const element = scroller.current;
    if (!element) return;
    const y = active.value * ROW_PX;
    if (y < element.scrollTop) element.scrollTop = y;
    else if (y + ROW_PX * 2 > element.scrollTop + element.clientHeight) element.scrollTop = y + ROW_PX * 2 - element.clientHeight;
  };
  const keys = (event: KeyboardEvent): void => {
    const page = Math.max(1, Math.floor(height.value / ROW_PX) - 1);
    const goal = { ArrowDown: active.value + 1, ArrowUp: active.value - 1, PageDown: active.value + page, PageUp: active.value - page, Home: 0, End: list.length - 1 }[event.key];
    const unit = list[active.value];
    if (goal !== undefined) move(goal);
    else if ((event.key === "Enter" || event.key === " ") && unit) selected.value = unit.id;
    else return;
    event.preventDefault();
  };
  return (
    <section class="panel units" aria-labelledby="units-title">
      <h2 id="units-title">
        {t("units.title")} <span class="count">{list.length}</span>
        <input type="search" class="filter" aria-label={t("units.filter")} placeholder={t("units.filter")} value={filter.value} onInput={(event) => (filter.value = event.currentTarget.value)} />
      </h2>
      <div
        class="grid" role="grid" tabIndex={0} aria-labelledby="units-title" aria-rowcount={list.length + 1} data-testid="units"
        aria-activedescendant={list.length > 0 ? `unit-row-${active.value}` : undefined}
        ref={scroller} onKeyDown={keys} onScroll={(event) => (top.value = event.currentTarget.scrollTop)}
      >
        <div class="grid-row head" role="row" aria-rowindex={1}>
          <span role="columnheader">{t("units.status")}</span>
          <span role="columnheader">{t("units.callsign")}</span>
          <span role="columnheader" class="right">{t("units.eta")}</span>
          <span role="columnheader" class="right">{t("units.age")}</span>
        </div>
        <div role="presentation" style={{ height: `${first * ROW_PX}px` }} />
        {list.slice(first, last).map((unit, i) => (
          <Row key={unit.id} unit={unit} index={first + i} active={first + i === active.value} pick={() => { active.value = first + i; selected.value = unit.id; }} />
        ))}
        <div role="presentation" style={{ height: `${(list.length - last) * ROW_PX}px` }} />
        {list.length === 0 && <div role="row" class="empty"><span role="gridcell">{t("units.none")}</span></div>}
      </div>
    </section>
  );
}

function searchable(unit: Feature): string {
  const p = unit.properties;
  return [p["name"], p["call_sign"], p["vehicle_type"], p["base_station"]].join(" ").toLocaleLowerCase(lang.value);
}

function Row({ unit, index, active, pick }: { unit: Feature; index: number; active: boolean; pick: () => void }): JSX.Element {
  const p = unit.properties;
  const stale = isStale(unit, watchNow());
  const mission = typeof p["mission"] === "string" ? picture.features.get(p["mission"]) : undefined;
  const classes = ["grid-row", "row", active && "active", stale && "worn", p["fms_status"] === 0 && "urgent"].filter(Boolean).join(" ");
  const call = String(p["call_sign"] ?? titleOf(unit));
  const doing = mission ? String(mission.properties["keyword_short"] ?? titleOf(mission)) : "";
  return (
    <div role="row" id={`unit-row-${index}`} class={classes} aria-rowindex={index + 2} aria-selected={selected.value === unit.id} data-id={unit.id} onClick={pick}>
      <span role="gridcell"><Fms status={p["fms_status"]} stale={stale} /></span>
      <span role="gridcell" class="call">
        <strong>{call}</strong>
        <small>{[p["name"] === call ? "" : p["name"], unitWords(p["state"]), doing].filter(Boolean).join(" · ")}</small>
      </span>
      <Arrival unit={unit} />
      <span role="gridcell" class="right">
        {stale && <span class="hidden">{t("state.stale")}</span>}
        <Age iso={p.observed_at} short stale={stale} />
      </span>
    </div>
  );
}

/** When it arrives and how long that is; as old as its way, and grey without a countdown once that is old. */
function Arrival({ unit }: { unit: Feature }): JSX.Element {
  const at = typeof unit.properties["eta_at"] === "string" ? Date.parse(unit.properties["eta_at"]) : NaN;
  if (Number.isNaN(at)) return <span role="gridcell" class="right" />;
  const now = watchNow();
  const route = picture.features.get(`${unit.id}#route`);
  const worn = isStale(route ?? unit, now);
  const minutes = Math.round((at - now) / 60_000);
  const left = minutes < 1 ? t("units.eta.soon") : t("units.eta.in", { n: minutes });
  return (
    <span role="gridcell" class={worn ? "right eta worn" : "right eta"} data-testid="eta">
      <strong>{formatTime(at, lang.value).slice(0, 5)}</strong>
      <small>{worn ? t("state.stale") : left}</small>
    </span>
  );
}

const unitWords = (state: unknown): string => (typeof state === "string" ? valueName("state", state) : t("state.unknown"));
