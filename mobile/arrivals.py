"""When a vehicle arrives, in words that count down with the situation's clock. Pure.

The server works arrivals out from the roads (layer `routes`). How old such a word is tells the route; where a crew may
not see the route, it is as old as the vehicle's position.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from layers.wire import Feature
from mobile import ages, describe
from mobile.i18n import Words


@dataclass(frozen=True)
class Arrival:
    """`at` is when it arrives, foretold at `observed_at` and not to be trusted from `stale_at` on."""

    at: datetime
    observed_at: datetime | None
    stale_at: datetime | None
    source: str = ""
    length_m: float | None = None

    def stale(self, now: datetime | None) -> bool:
        """Whether it was foretold too long ago."""
        return bool(now and self.stale_at and now >= self.stale_at)


def route_of(features: dict[str, Feature], unit: str | None) -> dict[str, Any] | None:
    """The properties of a vehicle's way, None where it has none that we may see."""
    found = features.get(f"{unit}#route")
    return dict(found["properties"]) if found else None


def arrival(features: dict[str, Feature], unit: str | None, now: datetime | None = None) -> Arrival | None:
    """When a vehicle arrives at its mission; None when nobody foretold it, or what was foretold has expired."""
    route, mine = route_of(features, unit), features.get(unit or "")
    properties = route or (dict(mine["properties"]) if mine else {})
    at = ages.moment(properties.get("eta_at"))
    if at is None or ages.freshness(properties, now) is ages.Freshness.EXPIRED:
        return None
    observed_at, stale_at = ages.moment(properties.get("observed_at")), ages.moment(properties.get("stale_at"))
    if route is None:
        moved_at = ages.moment((properties.get("times") or {}).get("position"))
        if moved_at and observed_at and stale_at:
            observed_at, stale_at = moved_at, moved_at + (stale_at - observed_at)
    sources = properties.get("sources")
    told_by = sources[0].get("id") if isinstance(sources, list) and sources and isinstance(sources[0], dict) else ""
    length_m = properties.get("route_length_m")
    return Arrival(
        at, observed_at, stale_at, str(told_by or ""), length_m if isinstance(length_m, int | float) else None
    )


def remaining(at: datetime, now: datetime | None, words: Words) -> str:
    """`in 3 min`, to the nearest minute; "" without a clock."""
    if now is None:
        return ""
    left_s = (at - now).total_seconds()
    if left_s <= -60:
        return words.say("eta.overdue", span=words.say("span.min", min=int(-left_s // 60)))
    if left_s <= 0:
        return words.say("eta.now")
    if left_s < 60:
        return words.say("eta.soon")
    key, numbers = ages.duration(int(left_s / 60 + 0.5) * 60)
    return words.say("eta.in", span=words.say(key, **numbers))


def ours(found: Arrival, now: datetime | None, words: Words) -> str:
    """`Ankunft 19:47, in 3 min`; of an old word only what was foretold."""
    text = words.say("eta.ours", time=words.time(found.at, seconds=False))
    left = "" if found.stale(now) else remaining(found.at, now, words)
    return f"{text}, {left}" if left else text


def theirs(found: Arrival, now: datetime | None, words: Words) -> str:
    """`in 3 min, 19:47`; an old word says so, and how old it is."""
    time = words.time(found.at, seconds=False)
    if found.stale(now):
        age_s = (now - found.observed_at).total_seconds() if now and found.observed_at else None
        return words.say("eta.stale", time=time, age=words.age(age_s))
    left = remaining(found.at, now, words)
    return f"{left}, {time}" if left else words.say("eta.ours", time=time)


def line(feature: Feature, features: dict[str, Feature], now: datetime | None, words: Words) -> str:
    """The line about a feature (`describe.line`), of a vehicle on its way with its arrival first."""
    told = describe.line(feature, words)
    found = arrival(features, str(feature["id"]), now) if feature["properties"].get("part") == "unit" else None
    return f"{theirs(found, now, words)} · {told}" if found else told
