/** What the control room may do with a feature: mark as seen, confirm or reject, write to crews. */
import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { report } from "../desk";
import { t } from "../i18n";
import { mayReport, session } from "../state";
import type { Feature } from "../wire";
import { titleOf } from "../alarms";

export type Outcome = { tone: "busy" | "good" | "bad"; text: string } | null;

/** Send a report and say in words what became of it. */
export async function send(kind: string, fields: Record<string, unknown>, tell: (outcome: Outcome) => void): Promise<boolean> {
  tell({ tone: "busy", text: t("action.sending") });
  try {
    const answer = await report(kind, fields);
    tell(answer.ok ? { tone: "good", text: t("action.sent") } : { tone: "bad", text: t("action.refused", { reason: answer.description ?? answer.error ?? "?" }) });
    return answer.ok;
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    tell({ tone: "bad", text: t(error.message === "no link" ? "action.offline" : "action.timeout") });
    return false;
  }
}

export function Said({ outcome }: { outcome: Outcome }): JSX.Element {
  return <p class={outcome ? `said ${outcome.tone}` : "said"} role="status">{outcome?.text ?? ""}</p>;
}

const JUDGED = new Set(["post", "citizen_report", "social_event"]);

export function Actions({ feature }: { feature: Feature }): JSX.Element | null {
  const outcome = useSignal<Outcome>(null);
  const reason = useSignal("");
  useEffect(() => {
    outcome.value = null;
    reason.value = "";
  }, [feature.id]);
  if (!mayReport.value) return null;
  const p = feature.properties;
  const tell = (now: Outcome): void => void (outcome.value = now);
  const judge = (kind: "confirm" | "reject"): void =>
    void send(kind, { target: feature.id, reason: reason.value.trim() || null }, tell);
  const seen = ((p["seen_by"] ?? []) as { by: string }[]).some((one) => one.by === session.value?.name);
  const mission = p.layer === "missions";
  const judged = p.layer === "reports" && JUDGED.has(String(p.part));
  if (!mission && !judged && p.layer !== "units") return null;
  return (
    <div class="actions">
      {mission && (
        <button type="button" disabled={seen} onClick={() => void send("seen", { target: feature.id }, tell)}>
          {seen ? `✓ ${t("missions.seen")}` : t("action.seen")}
        </button>
      )}
      {judged && (
        <div class="judge">
          <input type="text" maxLength={500} aria-label={t("action.reason")} placeholder={t("action.reason")} value={reason.value} onInput={(event) => (reason.value = event.currentTarget.value)} />
          <button type="button" onClick={() => judge("confirm")}>✓ {t("action.confirm")}</button>
          <button type="button" onClick={() => judge("reject")}>× {t("action.reject")}</button>
        </div>
      )}
      {(mission || p.layer === "units") && <NoteForm key={feature.id} about={feature} />}
      <Said outcome={outcome.value} />
    </div>
  );
}

/** A message to the crews: of the whole situation, of one mission, or to one unit. */
export function NoteForm({ about }: { about: Feature | null }): JSX.Element {
  const text = useSignal("");
  const outcome = useSignal<Outcome>(null);
  const layer = about?.properties.layer;
  const to = !about ? t("action.to.all") : layer === "missions" ? t("action.to.mission", { name: titleOf(about) }) : t("action.to.unit", { name: titleOf(about) });
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (!text.value.trim()) return;
    const address = !about ? {} : layer === "missions" ? { mission: about.id } : { receiver: about.id };
    if (await send("note", { text: text.value.trim(), ...address }, (now) => (outcome.value = now))) text.value = "";
  };
  return (
    <form class="note-form" onSubmit={(event) => void submit(event)}>
      <label>
        <span>{t("action.note")} · {t("action.to")}: {to}</span>
        <textarea rows={2} maxLength={2000} value={text.value} onInput={(event) => (text.value = event.currentTarget.value)} />
      </label>
      <button type="submit" disabled={!text.value.trim()}>{t("action.send")}</button>
      <Said outcome={outcome.value} />
    </form>
  );
}
