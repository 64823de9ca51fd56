/** By whose word a mission is where it is; of an ambiguous address the places it may mean, one of which a person chooses. */
import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { formatNumber } from "../age";
import { addressText } from "../facts";
import { lang, t } from "../i18n";
import { mayReport } from "../state";
import type { Feature } from "../wire";
import { Said, send, type Outcome } from "./actions";
import { flyTo, hitText, type Hit } from "./search";

/** "aus Adresse, ± 15 m"; empty where dispatch told the position, or there is none. */
export function placedText(mission: Feature): string {
  const { position_source: source, position_accuracy_m: accuracy, candidates } = mission.properties;
  const margin = typeof accuracy === "number" ? `, ± ${formatNumber(accuracy, lang.value)} m` : "";
  if (source === "address" || source === "control") return t(`place.${source}`) + margin;
  return Array.isArray(candidates) && candidates.length > 0 ? t("place.ambiguous") : "";
}

export function Place({ mission }: { mission: Feature }): JSX.Element | null {
  const outcome = useSignal<Outcome>(null);
  useEffect(() => void (outcome.value = null), [mission.id]);
  const p = mission.properties;
  const candidates = (p["candidates"] ?? []) as Hit[];
  const placed = placedText(mission);
  if (!placed) return null;
  const locate = (fields: Record<string, unknown>): void =>
    void send("locate", { target: mission.id, ...fields }, (now) => (outcome.value = now));
  const choose = ({ lon, lat, accuracy_m, label }: Hit): void => locate({ lon, lat, accuracy_m, label, address: addressText(p["address"]) });
  return (
    <div class="actions place-choice" data-testid="place">
      <p class={candidates.length ? "mark stale-mark" : "mark"}>{placed}{typeof p["position_label"] === "string" ? `: ${p["position_label"]}` : ""}</p>
      {candidates.length > 0 && (
        <ul aria-label={t("place.ambiguous")}>
          {candidates.map((hit, index) => (
            <li key={index}>
              <span>{hit.label} <small>{hitText(hit)}</small></span>
              <span class="buttons">
                <button type="button" class="quiet" onClick={() => flyTo(hit, true)}>{t("place.show")}</button>
                {mayReport.value && <button type="button" onClick={() => choose(hit)}>{t("place.choose")}</button>}
              </span>
            </li>
          ))}
        </ul>
      )}
      {p["position_source"] === "control" && mayReport.value && <button type="button" class="quiet" onClick={() => locate({})}>{t("place.takeback")}</button>}
      <Said outcome={outcome.value} />
    </div>
  );
}
