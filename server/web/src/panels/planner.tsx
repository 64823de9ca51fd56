/** The planner's tools: start an exercise from a scenario, and steer its clock. */
import { signal, useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { get, post, type ScenarioInfo, type SituationInfo } from "../api";
import { formatNumber, formatSpan } from "../age";
import { openSituation, refreshSituations } from "../desk";
import { lang, t } from "../i18n";
import { clock, clockChanged, situation, situationId, situations, watchNow } from "../state";
import { isTrouble, troubleText } from "../trouble";
import { Icon } from "./icon";

const SPEEDS = [0.5, 1, 2, 5, 10, 20, 60];
const STEP_S = 60;
/** A slider that is moved by keys jumps once, when it has come to rest. */
const REST_MS = 400;

const fault = signal<string | null>(null);

/** Ask the server for something; what went wrong is said in the planner's bar. */
async function steer<T>(ask: () => Promise<T>): Promise<T | null> {
  try {
    const answer = await ask();
    fault.value = null;
    return answer;
  } catch (error) {
    if (!isTrouble(error)) throw error;
    fault.value = troubleText(error);
    return null;
  } finally {
    void refreshSituations();
  }
}

const command = (id: string, body: Record<string, unknown>): Promise<SituationInfo | null> =>
  steer(() => post<SituationInfo>(`/situations/${encodeURIComponent(id)}/clock`, body));

export function Scenarios(): JSX.Element {
  const list = useSignal<ScenarioInfo[]>([]);
  const busy = useSignal<string | null>(null);
  useEffect(() => {
    void steer(() => get<{ scenarios: ScenarioInfo[] }>("/scenarios")).then((answer) => answer && (list.value = answer.scenarios));
  }, []);
  const start = async (name: string): Promise<void> => {
    busy.value = name;
    const made = await steer(() => post<SituationInfo>("/situations", { scenario: name }));
    busy.value = null;
    if (made) openSituation(made.id);
  };
  const running = (name: string): SituationInfo[] => situations.value.filter((one) => one.scenario === name && one.state !== "ended");
  return (
    <section class="panel scenarios" aria-labelledby="scenarios-title" data-testid="scenarios">
      <h2 id="scenarios-title">{t("planner.scenarios")}</h2>
      <ul class="scroll">
        {list.value.map((one) => (
          <li key={one.name} class="scenario" data-name={one.name}>
            <h3>{one.title}</h3>
            <p>{one.summary}</p>
            <p class="figures">
              {t("planner.duration", { span: formatSpan(one.duration_s) })}
              {` · ${t("planner.missions", { n: one.missions.length })} · ${t("planner.units", { n: one.units.length })}`}
            </p>
            <p class="buttons">
              <button type="button" disabled={busy.value !== null} onClick={() => void start(one.name)}>{t("planner.start")}</button>
              {running(one.name).map((exercise) => (
                <button type="button" class="quiet" key={exercise.id} aria-current={exercise.id === situationId.value} onClick={() => openSituation(exercise.id)}>
                  {exercise.id} · {t(exercise.state === "paused" ? "header.paused" : "planner.running")}
                </button>
              ))}
            </p>
          </li>
        ))}
      </ul>
    </section>
  );
}

export function PlannerBar(): JSX.Element {
  const info = situation.value;
  const exercise = info?.status === "Exercise" && info.starts_at && info.ends_at;
  return (
    <section class="planner-bar" aria-label={t("planner.clock")} data-testid="planner">
      {exercise ? <Controls info={info} /> : <p class="empty">{t("planner.none")}</p>}
      {fault.value && <p class="said bad" role="alert">{t("planner.failed", { reason: fault.value })}</p>}
    </section>
  );
}

function Controls({ info }: { info: SituationInfo }): JSX.Element {
  void clockChanged.value;
  const state = clock.isSet ? clock.state : info.state;
  const speed = clock.isSet ? clock.speed : info.speed;
  const ended = state === "ended";
  const act = (body: Record<string, unknown>): void => void command(info.id, body);
  return (
    <>
      <button type="button" class="play" disabled={ended} onClick={() => act({ action: state === "paused" ? "resume" : "pause" })} data-testid="play">
        <Icon name={state === "paused" ? "play" : "pause"} /> {t(state === "paused" ? "planner.resume" : "planner.pause")}
      </button>
      <div class="speeds" role="group" aria-label={t("planner.speed")}>
        <span aria-hidden="true">{t("planner.speed")}</span>
        {SPEEDS.map((one) => (
          <button type="button" key={one} disabled={ended} aria-pressed={one === speed} data-speed={one} onClick={() => act({ action: "speed", speed: one })}>
            {formatNumber(one, lang.value, one % 1 ? 1 : 0)}×
          </button>
        ))}
      </div>
      <Timeline info={info} disabled={ended} />
      <End ended={ended} end={() => act({ action: "end" })} />
    </>
  );
}

function Timeline({ info, disabled }: { info: SituationInfo; disabled: boolean }): JSX.Element {
  const starts = Date.parse(info.starts_at ?? "");
  const duration = Math.round((Date.parse(info.ends_at ?? "") - starts) / 1000);
  const elapsed = Math.max(0, Math.min(duration, (watchNow() - starts) / 1000));
  const draft = useSignal<number | null>(null);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const jump = (to: number): void => {
    const at = Math.max(0, Math.min(duration, to));
    void command(info.id, { action: "jump", to: new Date(starts + at * 1000).toISOString() }).then(() => (draft.value = null));
  };
  const move = (to: number): void => {
    draft.value = to;
    clearTimeout(timer.current);
    timer.current = setTimeout(() => jump(to), REST_MS);
  };
  const shown = draft.value ?? elapsed;
  const words = t("planner.elapsed", { elapsed: formatSpan(shown), duration: formatSpan(duration) });
  return (
    <div class="timeline">
      <button type="button" disabled={disabled} onClick={() => jump(elapsed - STEP_S)} aria-label={t("planner.back")} title={t("planner.back")}>−1 min</button>
      <input
        type="range" min={0} max={duration} step={10} value={Math.round(shown / 10) * 10} disabled={disabled} aria-label={t("planner.position")} aria-valuetext={words}
        onInput={(event) => move(Number(event.currentTarget.value))} data-testid="timeline"
      />
      <button type="button" disabled={disabled} onClick={() => jump(elapsed + STEP_S)} aria-label={t("planner.forward")} title={t("planner.forward")}>+1 min</button>
      <span class="elapsed" data-testid="elapsed">{words}</span>
    </div>
  );
}

/** Ending cannot be taken back: it is asked for twice, and the second question does not sit under the pointer. */
function End({ ended, end }: { ended: boolean; end: () => void }): JSX.Element {
  const asking = useSignal(false);
  if (ended) return <span class="mark">{t("header.ended")}</span>;
  if (!asking.value) return <button type="button" class="quiet" onClick={() => (asking.value = true)} data-testid="end">{t("planner.end")}</button>;
  return (
    <div class="ask" role="group" aria-label={t("planner.end.ask")} onKeyDown={(event) => event.key === "Escape" && (asking.value = false)}>
      <span>{t("planner.end.ask")}</span>
      <button type="button" onClick={() => (asking.value = false)} ref={(button) => button?.focus()}>{t("planner.end.no")}</button>
      <button type="button" class="danger" onClick={() => { asking.value = false; end(); }} data-testid="end-yes">{t("planner.end.yes")}</button>
    </div>
  );
}
