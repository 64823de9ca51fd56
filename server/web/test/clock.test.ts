import { describe, expect, it } from "vitest";
import { SituationClock } from "../src/clock";

const START = "2026-09-12T19:40:00.000Z";
const at = (seconds: number): string => new Date(Date.parse(START) + seconds * 1000).toISOString();

function started(speed = 1): { clock: SituationClock; wall: { ms: number }; elapsed: () => number } {
  const wall = { ms: 1000 };
  const clock = new SituationClock(() => wall.ms);
  clock.set(START, speed, "running");
  return { clock, wall, elapsed: () => (clock.now() - Date.parse(START)) / 1000 };
}

describe("SituationClock", () => {
  it("runs on by itself at the situation's speed", () => {
    const { wall, elapsed } = started(10);
    wall.ms += 3000;
    expect(elapsed()).toBe(30);
  });

  it("stands while paused and when the exercise has ended", () => {
    for (const [speed, state] of [[0, "paused"], [5, "paused"], [1, "ended"]] as const) {
      const { clock, wall, elapsed } = started();
      clock.set(START, speed, state);
      wall.ms += 60_000;
      expect(elapsed()).toBe(0);
      expect(clock.state).toBe(state);
    }
  });

  it("remembers the speed through a pause that is told as speed 0", () => {
    const { clock } = started(5);
    clock.set(START, 0, "running");
    expect([clock.speed, clock.state]).toEqual([5, "paused"]);
  });

  it("never steps back for a delta that was on its way for a while, but moves up to a later one", () => {
    const { clock, wall, elapsed } = started();
    wall.ms += 1000;
    clock.hear(at(0.4));
    expect(elapsed()).toBe(1);
    clock.hear(at(1.7));
    expect(elapsed()).toBe(1.7);
  });

  it("believes a clock that was set back", () => {
    const { clock, wall, elapsed } = started(10);
    wall.ms += 60_000;
    clock.hear(at(30));
    expect(elapsed()).toBe(30);
  });
});
