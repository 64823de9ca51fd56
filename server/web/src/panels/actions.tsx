/** What the control room may do with a feature: mark as seen, confirm or reject, write to crews. */
import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { report } from "../desk";
import { t } from "../i18n";
import { mayReport, session } from "../state";
import type { Feature } from "../wire";
import { titleOf } from "../alarms";
import { refusalText } from "../trouble";
import { Icon } from "./icon";

export type Outcome = { tone: "busy" | "good" | "bad"; text: string } | null;

/** Send a report and say in words what became of it. */
export async function send(kind: string, fields: Record<string, unknown>, tell: (outcome: Outcome) => void): Promise<boolean> {
  tell({ tone: "busy", text: t("action.sending") });
  try {
    const answer = await report(kind, fields);
    tell(answer.ok ? { tone: "good", text: t("action.sent") } : { tone: "bad", text: t("action.refused", { reason: refusalText(answer.error, answer.why) }) });
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

/** "I have seen this mission": takes the mark of the new off it, for everybody. */
export function Seen({ feature }: { feature: Feature }): JSX.Element | null {
  const outcome = useSignal<Outcome>(null);
  if (!mayReport.value || feature.properties.layer !== "missions") return null;
  const seen = ((feature.properties["seen_by"] ?? []) as { by: string }[]).some((one) => one.by === session.value?.name);
  if (seen) return <span class="mark"><Icon name="check" /> {t("missions.seen")}</span>;
  return (
    <>
      <button type="button" class="primary" onClick={() => void send("seen", { target: feature.id }, (now) => (outcome.value = now))}>{t("action.seen")}</button>
      {outcome.value?.tone === "bad" && <Said outcome={outcome.value} />}
    </>
  );
}

/** Confirm or reject what people reported. */
export function Judge({ feature }: { feature: Feature }): JSX.Element | null {
  const outcome = useSignal<Outcome>(null);
  const reason = useSignal("");
  useEffect(() => {
    outcome.value = null;
    reason.value = "";
  }, [feature.id]);
  if (!mayReport.value || feature.properties.layer !== "reports" || !JUDGED.has(String(feature.properties.part))) return null;
  const judge = (kind: "confirm" | "reject"): void =>
    void send(kind, { target: feature.id, reason: reason.value.trim() || null }, (now) => (outcome.value = now));
  return (
    <div class="actions judge">
      <input type="text" maxLength={500} aria-label={t("action.reason")} placeholder={t("action.reason")} value={reason.value} onInput={(event) => (reason.value = event.currentTarget.value)} />
      <button type="button" onClick={() => judge("confirm")}><Icon name="check" /> {t("action.confirm")}</button>
      <button type="button" onClick={() => judge("reject")}><Icon name="close" /> {t("action.reject")}</button>
      <Said outcome={outcome.value} />
    </div>
  );
}

/** A message to those whom the feature concerns. */
export function Write({ feature }: { feature: Feature }): JSX.Element | null {
  if (!mayReport.value || !["missions", "units"].includes(feature.properties.layer)) return null;
  return <div class="actions"><NoteForm key={feature.id} about={feature} /></div>;
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
