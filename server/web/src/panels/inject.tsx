/** Add a message to the running exercise, exactly as a feed would send it. */
import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { post } from "../api";
import { t, whyText, type Why } from "../i18n";
import { mapView } from "../mapview";
import { clock, isExercise, situationId } from "../state";
import { TEMPLATES } from "../templates";
import { isTrouble, troubleText } from "../trouble";
import { Said, type Outcome } from "./actions";

interface Injected {
  accepted: number;
  refused: { why: Why | null }[] | number;
}

/** Where it stops being JSON, as far as the browser says so. */
function badJson(error: SyntaxError): string {
  const [, line, column] = /line (\d+) column (\d+)/.exec(error.message) ?? [];
  return line && column ? t("inject.badjson.at", { line, column }) : t("inject.badjson");
}

export function Inject(): JSX.Element {
  const feed = useSignal("ngsi");
  const instance = useSignal("uebungsleitung");
  const body = useSignal("");
  const outcome = useSignal<Outcome>(null);
  const take = (index: number): void => {
    const [lon, lat] = mapView.value?.camera.center ?? [0, 0];
    const made = TEMPLATES[index]?.body({ lon, lat, now: new Date(clock.now()).toISOString() });
    if (made !== undefined) body.value = JSON.stringify(made, null, 2);
  };
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    const id = situationId.value;
    if (!id) return;
    try {
      const parsed: unknown = JSON.parse(body.value);
      outcome.value = { tone: "busy", text: t("action.sending") };
      const answer = await post<Injected>(`/situations/${encodeURIComponent(id)}/inject`, { feed: feed.value.trim(), instance: instance.value.trim(), body: parsed });
      const refused = Array.isArray(answer.refused) ? answer.refused : [];
      const count = Array.isArray(answer.refused) ? answer.refused.length : answer.refused;
      const why = refused[0]?.why ? ` ${whyText(refused[0].why)}.` : "";
      outcome.value = { tone: count > 0 ? "bad" : "good", text: t("inject.result", { accepted: answer.accepted, refused: count }) + why };
    } catch (error) {
      if (error instanceof SyntaxError) outcome.value = { tone: "bad", text: badJson(error) };
      else if (isTrouble(error)) outcome.value = { tone: "bad", text: t("planner.failed", { reason: troubleText(error) }) };
      else throw error;
    }
  };
  if (!isExercise.value) return <p class="empty">{t("planner.none")}</p>;
  return (
    <form class="inject" onSubmit={(event) => void submit(event)} data-testid="inject">
      <h3>{t("inject.title")}</h3>
      <label><span>{t("inject.template")}</span>
        <select onChange={(event) => take(Number(event.currentTarget.value))}>
          <option value="-1">{t("inject.template.none")}</option>
          {TEMPLATES.map((one, i) => <option key={one.name} value={i}>{t(one.name)}</option>)}
        </select>
      </label>
      <div class="pair">
        <label><span>{t("inject.feed")}</span><input value={feed.value} maxLength={64} onInput={(event) => (feed.value = event.currentTarget.value)} /></label>
        <label><span>{t("inject.instance")}</span><input value={instance.value} maxLength={128} onInput={(event) => (instance.value = event.currentTarget.value)} /></label>
      </div>
      <label><span>{t("inject.body")}</span>
        <textarea rows={12} spellcheck={false} value={body.value} onInput={(event) => (body.value = event.currentTarget.value)} />
      </label>
      <button type="submit" disabled={!body.value.trim()}>{t("inject.send")}</button>
      <Said outcome={outcome.value} />
    </form>
  );
}
