/** The health of every feed: who is silent, who sends what cannot be read, whose clock is wrong. */
import type { JSX } from "preact";
import { formatAge, formatNumber } from "../age";
import { isSilent, silentFor } from "../alarms";
import { fieldName, isWhy, lang, t, valueName, whyText } from "../i18n";
import { selected, watch, watchNow } from "../state";
import type { Feature } from "../wire";
import { Age, useRows } from "./parts";

/** A clock that is off by less than this is not worth a word. */
const SKEW_SHOWN_S = 5;

const nameOf = (source: Feature): string => source.id.replace(/^source:/, "");

export function Sources(): JSX.Element {
  const all = watch("sources");
  const rows = useRows("[role=option]");
  const sorted = [...all].sort((a, b) => Number(isSilent(b)) - Number(isSilent(a)) || nameOf(a).localeCompare(nameOf(b)));
  if (sorted.length === 0) return <p class="empty">{t("sources.none")}</p>;
  return (
    <ul class="sources" role="listbox" aria-label={t("sources.title")} ref={rows.ref as never} onKeyDown={rows.onKeyDown} data-testid="sources">
      {sorted.map((source, i) => <Row key={source.id} source={source} focusable={i === 0} />)}
    </ul>
  );
}

function Row({ source, focusable }: { source: Feature; focusable: boolean }): JSX.Element {
  const p = source.properties;
  const silent = isSilent(source);
  const now = watchNow();
  const refused = typeof p["refused"] === "number" ? p["refused"] : 0;
  const skew = typeof p["skew_s"] === "number" ? p["skew_s"] : 0;
  const limit = typeof p["silence_after_s"] === "number" ? formatAge(p["silence_after_s"], lang.value) : "?";
  return (
    <li role="option" class={silent ? "row source silent" : "row source"} tabIndex={focusable ? 0 : -1} aria-selected={selected.value === source.id} data-id={source.id} data-state={String(p["state"])} onClick={() => (selected.value = source.id)}>
      <div class="line">
        <span class={silent ? "mark alarm-mark" : "mark fresh-mark"}>{t(silent ? "sources.silent" : "sources.live")}</span>
        <strong>{nameOf(source)}</strong>
        <Age iso={p["last_received_at"] as string | undefined} short />
      </div>
      {silent && typeof p["silent_since"] === "string" && <div class="why">{t("sources.silence", { age: formatAge(silentFor(source, now), lang.value), limit })}</div>}
      {typeof p["link_state"] === "string" && (
        <div class={p["link_state"] === "connected" && !p["link_reason"] ? "counts" : "why"} data-link={p["link_state"]}>
          {fieldName("link_state")}: {valueName("link_state", p["link_state"])}
          {isWhy(p["link_why"]) ? ` · ${whyText(p["link_why"])}` : ""}
        </div>
      )}
      <div class="counts">
        {t("sources.accepted")} {formatNumber(Number(p["accepted"] ?? 0), lang.value)}
        {refused > 0 && <span class="refused"> · {t("sources.refused")} {formatNumber(refused, lang.value)}{isWhy(p["refusal_why"]) ? `: ${whyText(p["refusal_why"])}` : ""}</span>}
      </div>
      {Math.abs(skew) >= SKEW_SHOWN_S && <div class="why">{t(skew > 0 ? "sources.ahead" : "sources.behind", { skew: formatAge(Math.abs(skew), lang.value) })}</div>}
    </li>
  );
}
