/** Who sits here: a one-time code from the address bar becomes a token, kept for this page's path until sign-out. */
import { ApiError, post } from "./api";

export interface Session {
  token: string;
  role: string;
  name: string;
  unit: string | null;
  situation: string | null;
}

export type SignInFailure = "code" | "network" | "server";

export class SignInError extends Error {
  constructor(readonly reason: SignInFailure) {
    super(reason);
  }
}

const key = (path: string): string => `lagebild.session:${path}`;

/** The parameters behind `#`, which never reach a server's log. */
export function fragment(hash: string): URLSearchParams {
  return new URLSearchParams(hash.replace(/^#/, ""));
}

/** The session kept for this path, or null. What cannot be read counts as none. */
export function stored(storage: Storage, path: string): Session | null {
  const text = storage.getItem(key(path));
  if (!text) return null;
  try {
    const value = JSON.parse(text) as Partial<Session>;
    if (typeof value.token !== "string" || typeof value.role !== "string") return null;
    return {
      token: value.token,
      role: value.role,
      name: value.name ?? "",
      unit: value.unit ?? null,
      situation: value.situation ?? null,
    };
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

export function keep(storage: Storage, path: string, session: Session): void {
  storage.setItem(key(path), JSON.stringify(session));
}

export function forget(storage: Storage, path: string): void {
  storage.removeItem(key(path));
}

/** Exchange a one-time code for a session. The server burns the code, whatever comes after. */
export async function exchange(code: string): Promise<Session> {
  try {
    return await post<Session>("/auth/exchange", { code });
  } catch (error) {
    if (error instanceof ApiError) throw new SignInError(error.status >= 500 ? "server" : "code");
    if (error instanceof TypeError) throw new SignInError("network");
    throw error;
  }
}
