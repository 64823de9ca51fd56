/** HTTP to our own server, with the token of the session. */
import type { Why } from "./i18n";

export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    description: string,
    readonly why: Why | null = null,
  ) {
    super(description || code);
  }
}

/** What to do when the server no longer knows our token; set by the session. */
let onUnauthorized: () => void = () => {};
let token: string | null = null;

export function useToken(value: string | null, unauthorized: () => void): void {
  token = value;
  onUnauthorized = unauthorized;
}

/** What lets somebody else's reader, such as that of the tiles, ask our server. */
export const authorization = (): Record<string, string> => (token ? { Authorization: `Bearer ${token}` } : {});

async function failure(response: Response): Promise<ApiError> {
  let code = `http ${response.status}`;
  let description = "";
  let why: Why | null = null;
  try {
    const body = (await response.json()) as { error?: unknown; description?: unknown; why?: Why | null };
    if (typeof body.error === "string") code = body.error;
    if (typeof body.description === "string") description = body.description;
    why = body.why ?? null;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  return new ApiError(response.status, code, description, why);
}

/** A file of the server; throws as `request` does. */
export async function blob(path: string): Promise<Blob> {
  const response = await ask("GET", path, "*/*");
  return response.blob();
}

/** Ask the server; throws ApiError for its refusals and TypeError when it cannot be reached. */
export async function request<T>(method: string, path: string, body?: unknown): Promise<T> {
  const response = await ask(method, path, "application/json", body);
  return (response.status === 204 ? undefined : await response.json()) as T;
}

async function ask(method: string, path: string, accept: string, body?: unknown): Promise<Response> {
  const headers: Record<string, string> = { Accept: accept };
  if (token) headers["Authorization"] = `Bearer ${token}`;
  const init: RequestInit = { method, headers, cache: "no-store", credentials: "omit" };
  if (body !== undefined) {
    headers["Content-Type"] = "application/json";
    init.body = JSON.stringify(body);
  }
  const response = await fetch(path, init);
  if (response.status === 401 && token) onUnauthorized();
  if (!response.ok) throw await failure(response);
  return response;
}

export const get = <T>(path: string): Promise<T> => request<T>("GET", path);
export const post = <T>(path: string, body: unknown): Promise<T> => request<T>("POST", path, body);

export interface SituationInfo {
  id: string;
  title: string;
  status: "Actual" | "Exercise";
  state: "running" | "paused" | "ended";
  speed: number;
  now: string;
  scenario: string | null;
  starts_at: string | null;
  ends_at: string | null;
  epoch: string;
  rev: number;
}

export interface ScenarioInfo {
  name: string;
  title: string;
  summary: string;
  duration_s: number;
  units: string[];
  missions: string[];
}

export interface MapConfig {
  style_url?: string | null;
  pmtiles_url?: string | null;
  raster_url?: string | null;
  attribution?: string | null;
}

/** The server's own base data (docs/base.md); null: none was built. */
export interface BaseInfo {
  version: string;
  name: string;
  bbox: [number, number, number, number];
  built_at: string;
  attribution: string;
  tiles: string;
}

export interface ServerConfig {
  lang: string;
  base?: BaseInfo | null;
  protocol: number;
  map: MapConfig;
  version: string;
}
