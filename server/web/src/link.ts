/** The Socket.IO link: a cursor into a view. It resumes with its own `rev` and `epoch` after every interruption. */
import { io, type Socket } from "socket.io-client";
import type { Why } from "./i18n";
import { CursorMismatch, PROTOCOL, type Clock, type Delta, type Hello } from "./wire";

export type LinkState = "connecting" | "connected" | "disconnected" | "refused";

export interface LinkEvents {
  state(state: LinkState, reason: string): void;
  hello(hello: Hello): void;
  /** Apply it; throws CursorMismatch when it does not continue. */
  delta(delta: Delta): void;
  clock(clock: Clock): void;
  cursor(): { rev: number; epoch: string | undefined };
  /** The server no longer takes our token. */
  unauthorized(): void;
  /** The own cursor led nowhere twice: start from nothing. */
  restart(): void;
}

export interface Ack {
  ok: boolean;
  seq?: number;
  error?: string;
  description?: string;
  why?: Why | null;
}

/** Refusals that no repetition can heal. */
const FINAL = new Set(["unauthorized", "forbidden", "unknown situation", "protocol"]);
const REPORT_TIMEOUT_MS = 10_000;
/** How long a connection attempt that was refused for a passing reason waits before the next. */
const RETRY_MS = 2_000;

/** 128 random bits. (crypto.randomUUID is there only behind TLS; a control room may run without it in its own network.) */
function randomId(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

export class Link {
  private socket: Socket | null = null;
  private mismatches = 0;
  private sent = 0;
  private retry: ReturnType<typeof setTimeout> | undefined;
  private readonly clientId = randomId();

  constructor(
    private readonly token: string,
    private readonly situation: string,
    private readonly events: LinkEvents,
  ) {}

  open(): void {
    this.events.state("connecting", "");
    const socket = io({
      transports: ["websocket", "polling"],
      tryAllTransports: true,
      reconnectionDelay: 500,
      reconnectionDelayMax: 4_000,
      auth: (give) => give(this.credentials()),
    });
    this.socket = socket;
    socket.on("connect", () => this.events.state("connected", ""));
    socket.on("disconnect", (reason) => this.lost(reason));
    socket.on("connect_error", (error) => this.refused(error));
    socket.on("hello", (hello: Hello) => this.events.hello(hello));
    socket.on("delta", (delta: Delta) => this.take(delta));
    socket.on("clock", (clock: Clock) => this.events.clock(clock));
  }

  close(): void {
    clearTimeout(this.retry);
    this.socket?.removeAllListeners();
    this.socket?.disconnect();
    this.socket = null;
  }

  /** Send a report; resolves when it is durable on the server or refused there, rejects without a link or an answer in time. */
  async report(kind: string, at: string, fields: Record<string, unknown>): Promise<Ack> {
    if (!this.socket?.connected) throw new Error("no link");
    const message = { client_id: this.clientId, client_seq: ++this.sent, kind, at, ...fields };
    return (await this.socket.timeout(REPORT_TIMEOUT_MS).emitWithAck("report", message)) as Ack;
  }

  private credentials(): Record<string, unknown> {
    const { rev, epoch } = this.events.cursor();
    return {
      token: this.token, situation: this.situation, layers: null, mission: null,
      rev, epoch: epoch ?? null, protocol: PROTOCOL, encoding: "json",
    };
  }

  private take(delta: Delta): void {
    try {
      this.events.delta(delta);
      this.mismatches = 0;
    } catch (error) {
      if (!(error instanceof CursorMismatch)) throw error;
      this.mismatches += 1;
      if (this.mismatches > 1) this.events.restart();
      this.socket?.disconnect().connect();
      return;
    }
    this.socket?.emit("applied", { to: delta.to });
  }

  private lost(reason: string): void {
    this.events.state("disconnected", reason);
    // The server closed it on purpose (a restart, a revoked token): socket.io does not come back by itself then.
    if (reason === "io server disconnect") this.again();
  }

  private refused(error: Error): void {
    if (this.socket?.active) {
      this.events.state("disconnected", error.message);
    } else if (FINAL.has(error.message)) {
      this.events.state("refused", error.message);
      if (error.message === "unauthorized") this.events.unauthorized();
    } else {
      this.events.state("disconnected", error.message);
      this.again();
    }
  }

  private again(): void {
    clearTimeout(this.retry);
    this.retry = setTimeout(() => this.socket?.connect(), RETRY_MS);
  }
}
