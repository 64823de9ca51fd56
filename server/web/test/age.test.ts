import { describe, expect, it } from "vitest";
import { ageSeconds, formatAge, formatMoment, formatNumber, formatSpan, formatTime, isStale, shortAge } from "../src/age";
import type { Feature } from "../src/wire";

const NOW = Date.parse("2026-11-21T14:03:27.000Z");

describe("ages", () => {
  it.each([
    [0, "0 s"], [0.9, "0 s"], [59.9, "59 s"], [60, "1 min 00 s"], [185, "3 min 05 s"], [3600, "1 h 00 min"], [7620, "2 h 07 min"],
    [86_400, "1 T"], [3 * 86_400, "3 T"], [366 * 86_400, "1 Jahr"], [7 * 365 * 86_400, "7 Jahre"],
  ])("writes %d s as %s", (seconds, text) => expect(formatAge(seconds, "de")).toBe(text));

  it("marks a time that lies ahead, and does not guess an unknown one", () => {
    expect(formatAge(-90, "de")).toBe("+1 min 30 s");
    expect(formatAge(-0.3, "de")).toBe("0 s");
    expect(formatAge(null, "de")).toBe("?");
    expect(formatAge(Number.NaN, "en")).toBe("?");
  });

  it("is short in tables", () => {
    expect([5, 65, 7300, 90_000].map((one) => shortAge(one, "en"))).toEqual(["5 s", "1 min", "2 h", "1 d"]);
  });

  it("reads the time on the wire and refuses what is none", () => {
    expect(ageSeconds("2026-11-21T14:03:00.000Z", NOW)).toBe(27);
    expect(ageSeconds("yesterday", NOW)).toBeNull();
    expect(ageSeconds(null, NOW)).toBeNull();
  });

  it("turns stale at its time, not before, and never without one", () => {
    const of = (stale_at: string | null): Feature => ({ id: "a", type: "Feature", geometry: null, properties: { layer: "units", rev: 1, stale_at } });
    expect(isStale(of("2026-11-21T14:03:27.001Z"), NOW)).toBe(false);
    expect(isStale(of("2026-11-21T14:03:27.000Z"), NOW)).toBe(true);
    expect(isStale(of(null), NOW)).toBe(false);
  });
});

describe("times and numbers", () => {
  it("uses 24 hours in both languages", () => {
    const evening = new Date(2026, 10, 21, 23, 4, 5).getTime();
    expect(formatTime(evening, "de")).toBe("23:04:05");
    expect(formatTime(evening, "en")).toBe("23:04:05");
  });

  it("adds the date only for another day", () => {
    const noon = new Date(2026, 10, 21, 12).getTime();
    expect(formatMoment(new Date(2026, 10, 21, 9, 8, 7).toISOString(), noon, "de")).toBe("09:08:07");
    expect(formatMoment(new Date(2026, 10, 20, 9, 8, 7).toISOString(), noon, "de")).toBe("20.11.2026 09:08:07");
    expect(formatMoment(undefined, noon, "de")).toBe("?");
  });

  it("writes spans of an exercise and numbers of the language", () => {
    expect([0, 252, 3852].map(formatSpan)).toEqual(["00:00", "04:12", "1:04:12"]);
    expect(formatNumber(1240, "de")).toBe("1.240");
    expect(formatNumber(2.14, "de", 1)).toBe("2,1");
    expect(formatNumber(2.14, "en", 1)).toBe("2.1");
  });
});
