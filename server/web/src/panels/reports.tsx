/** What people and services reported, with a place or without one: citizens, posts, alerts from the net, warnings. Newest first. */
import type { JSX } from "preact";
import { isStale } from "../age";
import { titleOf } from "../alarms";
import { severityPaint } from "../colours";
import { partName, t, valueName } from "../i18n";
import { selected, watch, watchNow } from "../state";
import type { Feature } from "../wire";
import { Age, useRows } from "./parts";

const SHOWN = 200;
/** Rules and saved searches are settings, not reports. */
const REPORTED = new Set(["post", "citizen_report", "social_event"]);

const at = (one: Feature): string => String(one.properties["issued_at"] ?? one.properties["alerted_at"] ?? one.properties["sent_at"] ?? one.properties.observed_at ?? "");

function words(one: Feature): string {
  const p = one.properties;
  const texts = Array.isArray(p["texts"]) ? p["texts"].join(" ") : "";
  for (const text of [p["message"], texts, p["snippet"], p["headline"], p["event"], p["rule_name"]]) {
    if (typeof text === "string" && text) return text;
  }
  return titleOf(one);
}

/** "confirm" or "reject"; empty while nobody has judged it. */
export function decisionOf(one: Feature): string {
  const verdict = one.properties["verdict"];
  if (typeof verdict === "string") return verdict;
  const decision = (verdict as { decision?: unknown } | null | undefined)?.decision;
  return typeof decision === "string" ? decision : "";
}

export function Reports(): JSX.Element {
  const rows = useRows("[role=option]");
  const all = [...watch("reports").filter((one) => REPORTED.has(String(one.properties.part))), ...watch("warnings")];
  const shown = all.sort((a, b) => at(b).localeCompare(at(a)) || a.id.localeCompare(b.id)).slice(0, SHOWN);
  if (shown.length === 0) return <p class="empty">{t("reports.none")}</p>;
  return (
    <ul class="reports" role="listbox" aria-label={t("tab.reports")} ref={rows.ref as never} onKeyDown={rows.onKeyDown} data-testid="reports">
      {shown.map((one, i) => <Row key={one.id} report={one} focusable={i === 0} />)}
    </ul>
  );
}

function Row({ report, focusable }: { report: Feature; focusable: boolean }): JSX.Element {
  const p = report.properties;
  const decision = decisionOf(report);
  const stale = isStale(report, watchNow());
  const classes = ["row", "report", stale && "worn", decision].filter(Boolean).join(" ");
  const severity = p.layer === "warnings" && typeof p["severity"] === "string" ? p["severity"] : null;
  const paint = severityPaint(severity);
  return (
    <li role="option" class={classes} tabIndex={focusable ? 0 : -1} aria-selected={selected.value === report.id} data-id={report.id} onClick={() => (selected.value = report.id)}>
      <div class="line">
        {severity && <span class="mark" style={{ backgroundColor: paint.fill, color: paint.ink }}>{valueName("severity", severity)}</span>}
        <span class="from">{partName(String(p.part ?? p.layer))}{typeof p["network"] === "string" ? ` · ${p["network"]}` : ""}{report.geometry ? "" : ` · ${t("reports.noplace")}`}</span>
        {decision && <span class="mark">{valueName("verdict", decision)}</span>}
        {stale && <span class="mark stale-mark">{t("state.stale")}</span>}
        <Age iso={at(report)} short />
      </div>
      <div class="text">{words(report)}</div>
    </li>
  );
}
