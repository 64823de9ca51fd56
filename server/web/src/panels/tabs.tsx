/** The lower right of the screen: layers, sources, messages, and what the role has besides. */
import { signal } from "@preact/signals";
import type { JSX } from "preact";
import { isSilent } from "../alarms";
import { t, type Key } from "../i18n";
import { mayPlan, role, watch } from "../state";
import { Inject } from "./inject";
import { Layers } from "./layers";
import { Notes } from "./notes";
import { Guard } from "./parts";
import { Quarantine } from "./quarantine";
import { Reports } from "./reports";
import { Sources } from "./sources";

type Tab = "layers" | "sources" | "reports" | "notes" | "quarantine" | "inject";

const chosen = signal<Tab>("layers");

const PANELS: Record<Tab, () => JSX.Element> = { layers: Layers, sources: Sources, reports: Reports, notes: Notes, quarantine: Quarantine, inject: Inject };

function offered(): Tab[] {
  const tabs: Tab[] = ["layers", "sources", "reports", "notes"];
  if (role.value === "control" || role.value === "admin") tabs.push("quarantine");
  if (mayPlan.value) tabs.push("inject");
  return tabs;
}

export function Tabs(): JSX.Element {
  const tabs = offered();
  const current = tabs.includes(chosen.value) ? chosen.value : "layers";
  const Panel = PANELS[current];
  const keys = (event: KeyboardEvent): void => {
    const at = tabs.indexOf(current);
    const goal = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: tabs.length - 1 }[event.key];
    if (goal === undefined) return;
    event.preventDefault();
    const next = tabs[(goal + tabs.length) % tabs.length] ?? "layers";
    chosen.value = next;
    document.getElementById(`tab-${next}`)?.focus();
  };
  return (
    <section class="panel tabs" aria-label={t(`tab.${current}`)}>
      <div role="tablist" onKeyDown={keys}>
        {tabs.map((tab) => (
          <button type="button" role="tab" key={tab} id={`tab-${tab}`} aria-selected={tab === current} aria-controls="tab-panel" tabIndex={tab === current ? 0 : -1} onClick={() => (chosen.value = tab)}>
            {t(`tab.${tab}` as Key)}{tab === "sources" && <SilentCount />}
          </button>
        ))}
      </div>
      <div role="tabpanel" id="tab-panel" aria-labelledby={`tab-${current}`} class="scroll" tabIndex={0}>
        <Guard name={current} key={current}><Panel /></Guard>
      </div>
    </section>
  );
}

function SilentCount(): JSX.Element | null {
  const n = watch("sources").filter(isSilent).length;
  return n > 0 ? <span class="badge" aria-label={`${n} ${t("sources.silent")}`}>{n}</span> : null;
}
