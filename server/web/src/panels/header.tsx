/** The top of the screen: which situation, whether the link holds, what time it is there; and the mark of an exercise. */
import { signal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { formatAge, formatDate, formatNumber, formatTime } from "../age";
import { leave, openSituation } from "../desk";
import { chooseLang, lang, t, tMaybe } from "../i18n";
import { clock, clockChanged, heardAt, hello, isExercise, link, session, situationId, situations, tick } from "../state";
import { chooseTheme, themeChoice, type ThemeChoice } from "../theme";
import { Icon } from "./icon";

/** The clock's face is looked at more often than once a second, so that no second is skipped. */
const FACE_EVERY_MS = 200;

export function Header(): JSX.Element {
  return (
    <header class="top">
      <h1>{t("app.title")}</h1>
      <Situations />
      <LinkState />
      <Clock />
      <div class="desk">
        <Who />
        <label class="small">
          <span>{t("header.theme")}</span>
          <select value={themeChoice.value} onChange={(event) => chooseTheme(event.currentTarget.value as ThemeChoice)} data-testid="theme">
            {(["auto", "light", "dark"] as const).map((one) => <option key={one} value={one}>{t(`header.theme.${one}`)}</option>)}
          </select>
        </label>
        <label class="small">
          <span>{t("header.lang")}</span>
          <select value={lang.value} onChange={(event) => chooseLang(event.currentTarget.value === "en" ? "en" : "de", localStorage)} data-testid="lang">
            <option value="de" lang="de">Deutsch</option>
            <option value="en" lang="en">English</option>
          </select>
        </label>
        <button type="button" class="quiet" onClick={() => leave("signin.signedout")}>{t("signout")}</button>
      </div>
    </header>
  );
}

/** The role, and the desk's name where that says more. */
function Who(): JSX.Element {
  const role = tMaybe(`role.${session.value?.role ?? ""}`);
  const name = session.value?.name;
  return <span class="who"><strong>{role}</strong>{name !== role && ` ${name ?? ""}`}</span>;
}

function Situations(): JSX.Element {
  return (
    <label class="situations">
      <span>{t("header.situation")}</span>
      <select value={situationId.value ?? ""} onChange={(event) => openSituation(event.currentTarget.value)} data-testid="situation">
        {situations.value.map((one) => (
          <option key={one.id} value={one.id}>
            {one.status === "Exercise" ? `${t("app.exercise")}: ${one.title}${one.state === "ended" ? ` (${t("header.ended")})` : ""}` : t("header.live")}
          </option>
        ))}
      </select>
    </label>
  );
}

function LinkState(): JSX.Element {
  void tick.value;
  const { state } = link.value;
  const heard = heardAt.value;
  const age = heard === null ? null : (performance.now() - heard) / 1000;
  const words = t(`link.${state}`);
  return (
    <div class={`link ${state}`} role="status" data-testid="link" data-state={state} title={t("link.last", { age: formatAge(age, lang.value) })}>
      <Icon name={state === "connected" ? "dot" : state === "connecting" ? "ring" : "broken"} /> {words}
    </div>
  );
}

const face = signal({ time: "--:--:--", date: "" });

function Clock(): JSX.Element {
  useEffect(() => {
    const look = (): void => {
      if (!clock.isSet || !hello.value) return;
      const now = clock.now();
      const [time, date] = [formatTime(now, lang.value), formatDate(now, lang.value)];
      if (face.value.time !== time || face.value.date !== date) face.value = { time, date };
    };
    look();
    const timer = setInterval(look, FACE_EVERY_MS);
    return () => clearInterval(timer);
  }, []);
  void clockChanged.value;
  const pace = clock.state !== "running" ? t(clock.state === "ended" ? "header.ended" : "header.paused") : clock.speed === 1 ? "" : `×${formatNumber(clock.speed, lang.value, clock.speed % 1 ? 1 : 0)}`;
  return (
    <div class="clock" role="timer" aria-label={t("header.clock")} data-testid="clock">
      <span class="time">{face.value.time}</span>
      <span class="date">{face.value.date}</span>
      {pace && <span class={clock.state === "running" ? "pace" : "pace halted"} data-testid="pace">{pace}</span>}
    </div>
  );
}

/** On every screen of an exercise, in a colour that nothing else has. */
export function ExerciseBanner(): JSX.Element | null {
  useEffect(() => {
    document.documentElement.toggleAttribute("data-exercise", isExercise.value);
    document.title = `${isExercise.value ? `${t("app.exercise")} · ` : ""}${t("app.title")}`;
  });
  if (!isExercise.value) return null;
  const title = hello.value?.title ?? situations.value.find((one) => one.id === situationId.value)?.title ?? "";
  return (
    <div class="exercise" role="region" aria-label={t("app.exercise")} data-testid="exercise">
      <span aria-hidden="true" class="side">{t("app.exercise")}</span>
      <strong>{t("app.exercise")}</strong>
      <span class="what">{title} · {t("app.exercise.note")}</span>
      <span aria-hidden="true" class="side">{t("app.exercise")}</span>
    </div>
  );
}

/** While the link is down or refused, in words and over the whole width. */
export function LinkNotice(): JSX.Element | null {
  const { state, reason } = link.value;
  if (state === "connected" || (state === "connecting" && hello.value === null)) return null;
  const known = ["forbidden", "unknown situation", "protocol"].includes(reason) && state === "refused";
  return (
    <div class="notice" role="alert" data-testid="notice">
      {known ? tMaybe(`link.${reason}`) : t("link.lost")}
      {reason === "protocol" && <button type="button" onClick={() => location.reload()}>{t("link.reload")}</button>}
    </div>
  );
}
