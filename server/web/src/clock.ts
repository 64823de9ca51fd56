/** The situation's clock in the browser: runs on by itself between two words of the server, also while the link is down. */
import type { ClockState } from "./wire";

/** A server time that lies this far (seconds of the situation) behind ours is believed: the clock was set back. */
const SET_BACK_S = 2;

export class SituationClock {
  private anchorMs = 0;
  private anchoredAt = 0;
  private known = false;
  speed = 1;
  state: ClockState = "running";

  /** `monotonic` gives milliseconds that never run backward, such as performance.now. */
  constructor(private readonly monotonic: () => number) {}

  /** True once the server has said what time it is. */
  get isSet(): boolean {
    return this.known;
  }

  /** The situation's time in milliseconds since 1970. */
  now(): number {
    const elapsed = this.monotonic() - this.anchoredAt;
    return this.anchorMs + elapsed * this.effectiveSpeed;
  }

  private get effectiveSpeed(): number {
    return this.state === "running" ? this.speed : 0;
  }

  /** The server said hello or changed its clock: take its word as it is. */
  set(nowIso: string, speed: number, state: ClockState): void {
    this.anchorMs = Date.parse(nowIso);
    this.anchoredAt = this.monotonic();
    this.speed = speed > 0 ? speed : this.speed;
    this.state = speed > 0 ? state : state === "running" ? "paused" : state;
    this.known = true;
  }

  /** Every delta carries the time too. It was stamped before it travelled, so only a later one moves us, or one far behind. */
  hear(nowIso: string): void {
    const heard = Date.parse(nowIso);
    const ahead = heard - this.now();
    const limitMs = SET_BACK_S * 1000 * Math.max(1, this.effectiveSpeed);
    if (ahead > 0 || ahead < -limitMs) {
      this.anchorMs = heard;
      this.anchoredAt = this.monotonic();
    }
  }
}
