/** Joins the parts: signs in, opens a situation, feeds the picture from the link, and tells listeners once per frame. */
import { batch } from "@preact/signals";
import { get, useToken, type ServerConfig, type SituationInfo } from "./api";
import { chooseLang, startLang, type Key } from "./i18n";
import { Link, type Ack, type LinkState } from "./link";
import { exchange, forget, fragment, keep, SignInError, stored } from "./session";
import * as state from "./state";
import type { Clock, Delta, Hello } from "./wire";

const SITUATIONS_EVERY_MS = 10_000;
const FIRST_RETRY_MS = 2_000;
const SITUATION_KEY = "lagebild.situation:";
const HUMAN_ROLES = new Set(["control", "planner", "liaison", "admin"]);

type Listener = (ids: ReadonlySet<string>) => void;

const listeners = new Set<Listener>();
let dirty = new Set<string>();
let frame = 0;
let link: Link | null = null;
let timers: ReturnType<typeof setInterval>[] = [];

/** Hear, at most once per drawn frame, which features changed. Returns how to stop. */
export function onChange(listener: Listener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Sign in from the address bar or from what is kept, then open a situation. */
export async function start(): Promise<void> {
  const path = location.pathname;
  const parameters = fragment(location.hash);
  const code = parameters.get("code");
  if (location.hash) history.replaceState(null, "", path + location.search);
  startLang(localStorage, undefined);
  let session = stored(localStorage, path);
  if (code) {
    try {
      session = await exchange(code);
      keep(localStorage, path, session);
    } catch (error) {
      if (!(error instanceof SignInError)) throw error;
      if (error.reason !== "code") pendingCode = code;
      // A used link in the browser's history must not throw out a session that still holds.
      if (!session) return signedOut(`signin.${error.reason}`);
    }
  }
  if (!session) return signedOut("signin.needed");
  if (!HUMAN_ROLES.has(session.role)) return signedOut("signin.wrongrole");
  await enter(session, parameters.get("situation"));
}

/** A code that could not be exchanged because the server was away; tried again on request. */
let pendingCode: string | null = null;

export function canRetry(): boolean {
  return pendingCode !== null;
}

export async function retry(): Promise<void> {
  if (!pendingCode) return;
  state.signInNote.value = "signin.working";
  history.replaceState(null, "", `${location.pathname}#code=${encodeURIComponent(pendingCode)}`);
  pendingCode = null;
  await start();
}

async function enter(session: NonNullable<typeof state.session.value>, wanted: string | null): Promise<void> {
  useToken(session.token, () => leave("signin.revoked"));
  batch(() => {
    state.session.value = session;
    state.signInNote.value = null;
  });
  timers.push(setInterval(() => (state.tick.value += 1), 1000));
  timers.push(setInterval(() => void refreshSituations(), SITUATIONS_EVERY_MS));
  await Promise.all([loadConfig(), refreshSituations()]);
  if (state.session.value && wanted) openSituation(wanted);
  else openFirst();
}

async function loadConfig(): Promise<void> {
  const config = await quietly(() => get<ServerConfig>("/config"));
  startLang(localStorage, config?.lang);
  state.config.value = config ?? { lang: "de", protocol: 1, map: {}, version: "" };
}

/** Ask again which situations there are. What fails is tried again with the next round. */
export async function refreshSituations(): Promise<void> {
  const answer = await quietly(() => get<{ situations: SituationInfo[] }>("/situations"));
  if (!answer) return;
  state.situations.value = answer.situations;
}

/** Open what suits this desk, unless something is open; tried again while the server names no situation. */
function openFirst(): void {
  const session = state.session.value;
  if (!session || state.situationId.value) return;
  const id = firstSituation(session.situation);
  if (id) openSituation(id);
  else setTimeout(() => void refreshSituations().then(openFirst), FIRST_RETRY_MS);
}

async function quietly<T>(ask: () => Promise<T>): Promise<T | null> {
  try {
    return await ask();
  } catch (error) {
    // The link says in plain sight that the server is away; these polls need not say it again.
    if (error instanceof Error) return null;
    throw error;
  }
}

/** What this desk looked at last; else the token's; else live, or a running exercise while live has never had a word. */
function firstSituation(own: string | null): string | null {
  const known = state.situations.value;
  const kept = localStorage.getItem(SITUATION_KEY + location.pathname);
  // "live" is every token's home that names no other: it says nothing about what this desk wants to see first.
  for (const id of [kept, own === "live" ? null : own]) {
    if (id && known.some((one) => one.id === id)) return id;
  }
  const running = known.filter((one) => one.status === "Exercise" && one.state !== "ended");
  const live = known.find((one) => one.status === "Actual");
  if (live && (live.rev > 0 || running.length === 0)) return live.id;
  return running.at(-1)?.id ?? live?.id ?? known.at(-1)?.id ?? null;
}

/** Show another situation. */
export function openSituation(id: string): void {
  const session = state.session.value;
  if (!session) return;
  link?.close();
  localStorage.setItem(SITUATION_KEY + location.pathname, id);
  mark(state.picture.clear());
  batch(() => {
    state.situationId.value = id;
    state.hello.value = null;
    state.selected.value = null;
  });
  link = new Link(session.token, id, {
    state: linkState,
    hello: heardHello,
    delta: heardDelta,
    clock: heardClock,
    cursor: () => ({ rev: state.picture.rev, epoch: state.picture.epoch }),
    unauthorized: () => leave("signin.revoked"),
    restart: () => {
      state.picture.rev = 0;
      state.picture.epoch = undefined;
    },
  });
  link.open();
}

function linkState(now: LinkState, reason: string): void {
  state.link.value = { state: now, reason };
}

function heardHello(hello: Hello): void {
  state.picture.begin(hello.epoch);
  state.clock.set(hello.now, hello.speed, hello.state);
  batch(() => {
    state.heardAt.value = performance.now();
    state.hello.value = hello;
    state.clockChanged.value += 1;
  });
  if (hello.lang === "en" && !localStorage.getItem("lagebild.lang")) chooseLang("en");
  void refreshSituations();
}

function heardDelta(delta: Delta): void {
  state.heardAt.value = performance.now();
  const ids = state.picture.apply(delta);
  state.clock.hear(delta.now);
  mark(ids);
}

function heardClock(clock: Clock): void {
  if (clock.situation !== state.situationId.value) return;
  state.clock.set(clock.now, clock.speed, clock.state);
  batch(() => {
    state.heardAt.value = performance.now();
    state.clockChanged.value += 1;
  });
  void refreshSituations();
}

function mark(ids: Iterable<string>): void {
  for (const id of ids) dirty.add(id);
  if (frame === 0 && dirty.size > 0) frame = requestAnimationFrame(flush);
}

function flush(): void {
  frame = 0;
  const ids = dirty;
  dirty = new Set();
  const layers = new Set<string>();
  for (const id of ids) layers.add(state.picture.layer(id) ?? lastLayer.get(id) ?? "");
  for (const id of ids) {
    const layer = state.picture.layer(id);
    if (layer === undefined) lastLayer.delete(id);
    else lastLayer.set(id, layer);
  }
  batch(() => {
    state.bump(layers);
    state.anything.value += 1;
  });
  for (const listener of listeners) listener(ids);
}

/** Where a feature was drawn last: a removed one has no layer of its own any more. */
const lastLayer = new Map<string, string>();

/** Send a report to the server; see Link.report. */
export async function report(kind: string, fields: Record<string, unknown>): Promise<Ack> {
  if (!link) throw new Error("no link");
  return link.report(kind, new Date(state.clock.now()).toISOString(), fields);
}

/** End the session on this desk. */
export function leave(note: Key): void {
  link?.close();
  link = null;
  for (const timer of timers) clearInterval(timer);
  timers = [];
  forget(localStorage, location.pathname);
  useToken(null, () => {});
  mark(state.picture.clear());
  signedOut(note);
}

function signedOut(note: Key): void {
  batch(() => {
    state.session.value = null;
    state.situationId.value = null;
    state.hello.value = null;
    state.selected.value = null;
    state.situations.value = [];
    state.signInNote.value = note;
  });
}
