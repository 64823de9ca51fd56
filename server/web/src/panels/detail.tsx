/** Everything known about the chosen feature: each fact with its age and source, times, remarks, and what may be done. */
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { ageSeconds, formatAge, formatMoment, formatNumber, formatTime, isStale } from "../age";
import { titleOf } from "../alarms";
import { facts, positionText, shortened, type Fact } from "../facts";
import { dative, flagName, lang, partName, t, valueName } from "../i18n";
import { mapView } from "../mapview";
import { picture, selected, watch, watchFeature, watchNow } from "../state";
import type { Feature, SourceRef } from "../wire";
import { Access, NearHomes } from "./access";
import { Judge, Seen, Write } from "./actions";
import { Orders } from "./control";
import { Icon } from "./icon";
import { Inside } from "./inside";
import { NearAddress } from "./nearby";
import { OwnObject } from "./own";
import { Age, Fms } from "./parts";
import { Place } from "./place";

export function Detail(): JSX.Element {
  const id = selected.value;
  const feature = id ? watchFeature(id) : undefined;
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    const close = (event: KeyboardEvent): void => {
      if (event.key === "Escape" && selected.value && !event.defaultPrevented) unselect();
    };
    document.addEventListener("keydown", close);
    return () => document.removeEventListener("keydown", close);
  }, []);
  return (
    <section class={feature ? "panel detail" : "panel detail idle"} aria-labelledby="detail-title" data-testid="detail">
      <h2 id="detail-title" ref={heading} tabIndex={-1}>
        {t("detail.title")}
        {id && <button type="button" class="close" aria-label={t("detail.close")} title={`${t("detail.close")} (Esc)`} onClick={unselect}><Icon name="close" /></button>}
      </h2>
      <div class="scroll" tabIndex={0} role="group" aria-labelledby="detail-title">
        {!id ? <p class="empty">{t("detail.none")}</p> : feature ? feature.properties.layer === "objects" ? <OwnObject feature={feature} /> : <Body feature={feature} /> : <p class="empty">{t("detail.gone")}</p>}
      </div>
    </section>
  );
}

/** Close the panel and put the focus back to the row it came from. */
function unselect(): void {
  const id = selected.value;
  selected.value = null;
  if (id) document.querySelector<HTMLElement>(`[role=option][data-id="${CSS.escape(id)}"]`)?.focus();
}

/** Flags that mean: do not trust the time. The others only say how it was read. */
const GRAVE = new Set(["clock_ahead", "clock_implausible"]);

function Body({ feature }: { feature: Feature }): JSX.Element {
  const p = feature.properties;
  const now = watchNow();
  const stale = isStale(feature, now);
  const flags = p.flags ?? [];
  const name = (id: string): string | null => {
    const other = picture.features.get(id);
    return other ? titleOf(other) : null;
  };
  return (
    <article class={stale ? "feature worn" : "feature"} data-id={feature.id}>
      <header>
        <p class="kind">{partName(p.part ?? p.layer)}</p>
        <h3>{p.layer === "units" && <Fms status={p["fms_status"]} stale={stale} />} {titleOf(feature)}</h3>
        <p class="standing">
          <span class={stale ? "mark stale-mark" : "mark fresh-mark"}>{t(stale ? "state.stale" : "state.current")}</span>{" "}
          {t("detail.observed")} <Age iso={p.observed_at} long />
        </p>
        <p class="tools">
          <Seen feature={feature} />
          {feature.geometry && <button type="button" class="quiet" onClick={() => feature.geometry && mapView.value?.goTo(feature.geometry)}>{t("detail.map")}</button>}
        </p>
      </header>
      <Flags flags={flags.filter((flag) => GRAVE.has(flag))} />
      <Judge feature={feature} />
      {p.layer === "missions" && <Place mission={feature} />}
      {p.layer === "missions" && <Crews feature={feature} />}
      {p.layer === "missions" && <NearHomes mission={feature} />}
      {p.part === "building" && <Access building={feature} />}
      {p.part === "building" && <Inside building={feature} />}
      {p.layer === "devices" && <Orders device={feature} />}
      <h4>{t("detail.facts")}</h4>
      <dl class="facts">
        {facts(feature, now, lang.value, name).map((fact) => <FactRow key={fact.key} fact={fact} />)}
        <dt>{t("detail.position")}</dt>
        <dd>
          <span class="value">{feature.geometry?.type === "Point" ? positionText(feature.geometry.coordinates) : feature.geometry ? valueName("geometry", feature.geometry.type) : t("detail.noposition")}</span>
          {typeof p.accuracy_m === "number" && <small>± {formatNumber(p.accuracy_m, lang.value)} m</small>}
        </dd>
        <NearAddress feature={feature} />
      </dl>
      <Write feature={feature} />
      <h4>{t("detail.sources")}</h4>
      <Sources sources={p.sources ?? []} />
      <h4>{t("detail.times")}</h4>
      <Times feature={feature} />
      <Flags flags={flags.filter((flag) => !GRAVE.has(flag))} />
      <p class="identifier">{t("detail.id")}: <code>{feature.id}</code></p>
    </article>
  );
}

function Flags({ flags }: { flags: string[] }): JSX.Element | null {
  if (flags.length === 0) return null;
  return (
    <ul class="flags" aria-label={t("detail.hints")}>
      {flags.map((flag) => <li key={flag} data-flag={flag} class={GRAVE.has(flag) ? "grave" : ""}><Icon name={GRAVE.has(flag) ? "warning" : "info"} /> {flagName(flag)}</li>)}
    </ul>
  );
}

function FactRow({ fact }: { fact: Fact }): JSX.Element {
  const source = fact.sources.map((one) => one.id).join(", ");
  const text = fact.text ?? t("state.unknown");
  return (
    <>
      <dt>
        {fact.label}
        {fact.personal && <span class="mark personal" title={t("detail.personal.note")}>{t("detail.personal")}</span>}
      </dt>
      <dd data-key={fact.key}>
        {fact.href ? <a class="value" href={fact.href} target="_blank" rel="noopener noreferrer">{text}</a> : <span class={fact.text === null ? "value unknown" : "value"}>{text}</span>}
        <small title={t("detail.from", { source })}>
          <Age iso={fact.observedAt} short /> · {source || "?"}
        </small>
      </dd>
    </>
  );
}

/** Who is on it, with state and distance. */
function Crews({ feature }: { feature: Feature }): JSX.Element | null {
  watch("units");
  const ids = (feature.properties["units"] ?? []) as string[];
  if (ids.length === 0) return null;
  return (
    <>
      <h4>{t("missions.units")}</h4>
      <ul class="crew-list">
        {ids.map((id) => {
          const unit = picture.features.get(id);
          const distance = unit?.properties["distance_m"];
          const arrives = unit?.properties["eta_at"];
          return (
            <li key={id}>
              <Fms status={unit?.properties["fms_status"]} />
              <button type="button" class="link" disabled={!unit} onClick={() => (selected.value = id)}>{unit ? titleOf(unit) : shortened(id)}</button>
              {typeof arrives === "string" && <span>{t("units.arrives", { time: formatTime(Date.parse(arrives), lang.value).slice(0, 5) })}</span>}
              {typeof distance === "number" && <span>{formatNumber(distance, lang.value)} m</span>}
              {unit && <Age iso={unit.properties.observed_at} short />}
            </li>
          );
        })}
      </ul>
    </>
  );
}

function Sources({ sources }: { sources: SourceRef[] }): JSX.Element {
  return (
    <ul class="source-refs">
      {sources.map((source) => (
        <li key={source.id}>
          <button type="button" class="link" onClick={() => (selected.value = `source:${source.id}`)}>{source.id}</button> <Age iso={source.observed_at} />
        </li>
      ))}
    </ul>
  );
}

function Times({ feature }: { feature: Feature }): JSX.Element {
  const p = feature.properties;
  const now = watchNow();
  const stale = isStale(feature, now);
  const rows: [string, string | null | undefined][] = [
    [t("detail.observed"), p.observed_at], [t("detail.reported"), p.reported_at], [t("detail.received"), p.received_at],
    [t(stale ? "detail.stale.since" : "detail.stale"), p.stale_at], [t("detail.expires"), p.expires_at],
  ];
  return (
    <dl class="times">
      {rows.filter(([, iso]) => iso).map(([label, iso]) => {
        const seconds = ageSeconds(iso, now);
        const ahead = seconds !== null && seconds < 0;
        const span = formatAge(seconds === null ? null : Math.abs(seconds), lang.value);
        return (
          <div key={label}>
            <dt>{label}</dt>
            <dd><span>{formatMoment(iso, now, lang.value)}</span> <small>{ahead ? `in ${dative(span)}` : t("detail.age", { age: dative(span) })}</small></dd>
          </div>
        );
      })}
    </dl>
  );
}
