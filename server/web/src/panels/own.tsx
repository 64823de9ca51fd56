/** An own object of the operator in the panel, the switches of its layers, and its plans page by page. */
import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { ageSeconds, formatAge, formatMoment, formatNumber } from "../age";
import { blob } from "../api";
import { positionText } from "../facts";
import { fieldName, lang, t, valueName, whyText } from "../i18n";
import { mapView } from "../mapview";
import { switchOf, type OwnLayer } from "../objects";
import { hiddenLayers, ownLayers, situationId, watchNow } from "../state";
import type { Feature } from "../wire";
import { Icon } from "./icon";

export interface Plan {
  name: string;
  mime: string;
  bytes: number;
  pages: number;
}

const FACTS = ["ref", "address", "note", "hydrant", "diameter_mm", "flow_lpm", "pressure_bar", "valid_from", "valid_to"];

function told(key: string, value: unknown, now: number): string {
  if (key === "valid_from" || key === "valid_to") return formatMoment(String(value), now, lang.value);
  if (typeof value === "number") return formatNumber(value, lang.value, Number.isInteger(value) ? 0 : 1);
  return key === "hydrant" ? valueName("hydrant", String(value)) : String(value);
}

export function OwnObject({ feature }: { feature: Feature }): JSX.Element {
  const p = feature.properties;
  const now = watchNow();
  const shown = Object.entries((p["shown"] ?? {}) as Record<string, string>);
  const age = formatAge(ageSeconds(String(p["data_at"] ?? ""), now), lang.value);
  return (
    <article class="feature own" data-id={feature.id}>
      <header>
        <p class="kind">{valueName("own", String(p["kind"]))} · {String(p["layer_title"])}</p>
        <h3>{p.title}</h3>
        <p class="purpose"><b>{t("own.purpose")}:</b> {String(p["purpose"])}</p>
        <p class="tools">
          {feature.geometry && <button type="button" class="quiet" onClick={() => feature.geometry && mapView.value?.goTo(feature.geometry)}>{t("detail.map")}</button>}
        </p>
      </header>
      <Plans feature={feature} />
      <h4>{t("detail.facts")}</h4>
      <dl class="facts">
        {FACTS.filter((key) => p[key] !== undefined).map((key) => <Row key={key} label={fieldName(key)} text={told(key, p[key], now)} />)}
        {shown.map(([label, text]) => <Row key={`shown ${label}`} label={label} text={text} />)}
        {feature.geometry?.type === "Point" && <Row label={t("detail.position")} text={positionText(feature.geometry.coordinates)} />}
        <Row label={t("own.data")} text={`${formatMoment(String(p["data_at"] ?? ""), now, lang.value)} (${t("detail.age", { age })})`} />
      </dl>
    </article>
  );
}

function Row({ label, text }: { label: string; text: string }): JSX.Element {
  return <><dt>{label}</dt><dd><span class="value">{text}</span></dd></>;
}

function Plans({ feature }: { feature: Feature }): JSX.Element | null {
  const open = useSignal(0);
  const plans = (feature.properties["plans"] ?? []) as Plan[];
  if (plans.length === 0) return null;
  const chosen = plans[open.value - 1];
  return (
    <>
      <h4>{t("own.plans")}</h4>
      <ul class="plans">
        {plans.map((plan, i) => (
          <li key={i}><button type="button" onClick={() => (open.value = i + 1)}>{plan.name}</button> <small>{t("own.pages", { n: plan.pages })}</small></li>
        ))}
      </ul>
      {chosen && <Viewer path={pathOf(feature.id, open.value)} plan={chosen} close={() => (open.value = 0)} />}
    </>
  );
}

/** "own:safes:0a1b" is /objects/safes/0a1b. */
function pathOf(id: string, number: number): string {
  const [, name, key] = id.split(":");
  return `/objects/${name}/${key}/plans/${number}`;
}

const LEAST = 1, MOST = 6;

/** A plan over the whole screen: pages as pictures from the server, larger and smaller, to be saved as it was given. */
export function Viewer({ path, plan, close }: { path: string; plan: Plan; close: () => void }): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  const page = useSignal(1);
  const size = useSignal(1);
  const picture = useSignal("");
  const failed = useSignal(false);
  const query = `?situation=${encodeURIComponent(situationId.value ?? "live")}`;
  useEffect(() => dialog.current?.showModal(), []);
  useEffect(() => {
    let over = false;
    let url = "";
    failed.value = false;
    picture.value = "";
    blob(`${path}/pages/${page.value}${query}`).then(
      (found) => {
        if (!over) picture.value = url = URL.createObjectURL(found);
      },
      () => (failed.value = !over),
    );
    return () => {
      over = true;
      if (url) URL.revokeObjectURL(url);
    };
  }, [path, page.value]);
  const turn = (by: number): void => {
    page.value = Math.min(plan.pages, Math.max(1, page.value + by));
  };
  const zoom = (by: number): void => {
    size.value = Math.min(MOST, Math.max(LEAST, size.value * by));
  };
  const pressed = (event: KeyboardEvent): void => {
    // Escape closes the plan, not the panel behind it.
    event.stopPropagation();
    if (event.key === "PageDown") turn(1);
    else if (event.key === "PageUp") turn(-1);
    else if (event.key === "+") zoom(1.5);
    else if (event.key === "-") zoom(1 / 1.5);
    else return;
    event.preventDefault();
  };
  const save = async (): Promise<void> => {
    try {
      const link = document.createElement("a");
      link.href = URL.createObjectURL(await blob(path + query));
      link.download = plan.name;
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      failed.value = true;
    }
  };
  return (
    <dialog ref={dialog} class="plan" aria-label={plan.name} onClose={close} onKeyDown={pressed} data-testid="plan">
      <p class="plan-tools">
        <b>{plan.name}</b>
        <button type="button" disabled={page.value <= 1} onClick={() => turn(-1)}>{t("own.back")}</button>
        <span role="status">{t("own.page", { n: page.value, of: plan.pages })}</span>
        <button type="button" disabled={page.value >= plan.pages} onClick={() => turn(1)}>{t("own.next")}</button>
        <button type="button" aria-label={t("own.smaller")} disabled={size.value <= LEAST} onClick={() => zoom(1 / 1.5)}>−</button>
        <button type="button" aria-label={t("own.larger")} disabled={size.value >= MOST} onClick={() => zoom(1.5)}>+</button>
        <button type="button" onClick={() => void save()}>{t("own.save")}</button>
        <button type="button" class="close" aria-label={t("own.close")} onClick={() => dialog.current?.close()}><Icon name="close" /></button>
      </p>
      <div class="plan-page" tabIndex={0} role="group" aria-label={t("own.page", { n: page.value, of: plan.pages })}>
        {failed.value ? <p role="alert">{t("own.failed")}</p> : picture.value ? <img src={picture.value} alt={`${plan.name}, ${t("own.page", { n: page.value, of: plan.pages })}`} style={{ width: `${size.value * 100}%` }} /> : <p>{t("own.loading")}</p>}
      </div>
    </dialog>
  );
}

/** The switches; nothing where there are no own objects. */
export function OwnLayers({ sign }: { sign: (layer: OwnLayer) => JSX.Element }): JSX.Element | null {
  const now = watchNow();
  if (ownLayers.value.length === 0) return null;
  const toggle = (name: string): void => {
    const next = new Set(hiddenLayers.value);
    if (!next.delete(switchOf(name))) next.add(switchOf(name));
    hiddenLayers.value = next;
  };
  return (
    <>
      {ownLayers.value.map((layer) => (
        <div class="layer own-layer" key={layer.name} data-layer={switchOf(layer.name)}>
          <label>
            <input type="checkbox" checked={!hiddenLayers.value.has(switchOf(layer.name))} onChange={() => toggle(layer.name)} /> {layer.title}
            {layer.count !== null && <span class="count">{layer.count}</span>}
          </label>
          <ul class="legend">
            <li class="wide">{sign(layer)} {valueName("own", layer.kind)} · {layer.purpose}</li>
            {layer.data_at && <li class="wide">{t("own.data")}: {formatMoment(layer.data_at, now, lang.value)}</li>}
            {layer.failing && <li class="wide own-trouble"><Icon name="warning" /> {layer.trouble_why && layer.trouble_why.code !== "other" ? t("own.trouble.why", { reason: whyText(layer.trouble_why) }) : t("own.trouble")}</li>}
          </ul>
        </div>
      ))}
    </>
  );
}
