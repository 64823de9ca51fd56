"""The five-minute card as the screen needs it: sections in their order, facts in words, each with its age.

The server ranks and words nothing: a fact is {key, value, unit?, observed_at, stale_at, source, feature, weight}. Here
it gets its words (mobile.facts); small facts that are equally old share a line.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from layers.wire import Feature
from mobile import ages, arrivals, facts, geo
from mobile.arrivals import Arrival
from mobile.i18n import Words
from mobile.mission import is_ended, own_missions

SECTIONS = ("was", "wo", "wer", "wann", "details", "kontext")
VITAL_WEIGHT = 100.0
"""Weight of facts that are about life: written larger."""
NEAR_ENOUGH_M = 40.0
"""Nearer than this, nobody needs the distance to the mission."""
SHORT = frozenset(
    {"keyword_short", "category", "subcategory", "severity", "issued_at", "valid_from", "valid_to", "state"}
)
"""Facts of one or two words: those that are equally old share a line."""
FIRST = ("persons_probable",)
"""Facts that come before others of the same weight: a person outranks a hot room."""


@dataclass(frozen=True)
class Fact:
    """One line of the card. `stale_at` and `observed_at` let its age run on without a new picture."""

    key: str
    text: str
    observed_at: datetime | None
    stale_at: datetime | None
    source: str
    feature: str | None
    weight: float
    level: str = "plain"
    arrival: Arrival | None = None
    driving: str = ""
    """What stands before the arrival while that holds; `text` is what is said without it."""

    def told(self, now: datetime | None, words: Words) -> str:
        """The text; an arrival in it counts down."""
        if self.arrival is None:
            return self.text
        if self.key == "eta":
            return arrivals.ours(self.arrival, now, words)
        when = arrivals.theirs(self.arrival, now, words)
        if self.arrival.stale(now) or self.stale(now):
            return f"{self.text}, {when}"
        return f"{self.driving} {when}"

    def age_s(self, now: datetime | None) -> float | None:
        """Seconds since it was observed."""
        return (now - self.observed_at).total_seconds() if now and self.observed_at else None

    def stale(self, now: datetime | None) -> bool:
        """Whether it is older than facts of its kind may be."""
        return bool(now and self.stale_at and now >= self.stale_at)


@dataclass(frozen=True)
class Card:
    """The card of one mission; `sections` holds only those with facts, in the order of SECTIONS."""

    mission: str
    title: str
    ended: bool
    sections: tuple[tuple[str, tuple[Fact, ...]], ...]
    number: int
    count: int


def cards(features: dict[str, Feature], unit: str | None, here: geo.LonLat | None, words: Words) -> list[Card]:
    """A card for each own mission, the one to show first first. `here` is the own position."""
    missions = own_missions(features, unit)
    return [
        _card(features, mission, unit, here, words, place, len(missions)) for place, mission in enumerate(missions, 1)
    ]


def _card(
    features: dict[str, Feature],
    mission: Feature,
    unit: str | None,
    here: geo.LonLat | None,
    words: Words,
    place: int,
    count: int,
) -> Card:
    name = str(mission["id"])
    drawn = features.get(f"card:{name}")
    told = drawn["properties"].get("sections") if drawn else None
    sections = []
    for key in SECTIONS:
        listed = told.get(key) if isinstance(told, dict) else None
        found = _worded([fact for fact in listed or () if isinstance(fact, dict)], unit, words, features)
        if key == "wo":
            way = _arrive(features, mission, unit, words) or _way(mission, features.get(unit or ""), here, words)
            place = next((place for place, fact in enumerate(found, 1) if fact.key in ("address", "position")), 0)
            found[place:place] = way if way and way[0].key == "eta" else []
            found += [] if way and way[0].key == "eta" else way
        if found:
            sections.append((key, tuple(found)))
    properties = mission["properties"]
    title = str(properties.get("title") or words.value("category", properties.get("category")))
    return Card(name, title, is_ended(mission), tuple(sections), place, count)


def _worded(told: list[dict[str, Any]], unit: str | None, words: Words, features: dict[str, Feature]) -> list[Fact]:
    issued_at = next((fact.get("value") for fact in told if fact.get("key") == "issued_at"), None)
    found: list[Fact] = []
    for fact in sorted(told, key=lambda fact: (-_weight(fact), fact.get("key") not in FIRST)):
        key = str(fact.get("key", ""))
        if key == "valid_from" and fact.get("value") == issued_at:
            continue
        new = Fact(
            key=key,
            text=facts.text(key, fact.get("value"), fact.get("unit"), unit, words),
            observed_at=ages.moment(fact.get("observed_at")),
            stale_at=ages.moment(fact.get("stale_at")),
            source=str(fact.get("source") or ""),
            feature=str(fact["feature"]) if fact.get("feature") else None,
            weight=_weight(fact),
            level=facts.level(key, fact.get("value")),
        )
        if key == "unit" and isinstance(value := fact.get("value"), dict) and value.get("eta_at"):
            foretold = arrivals.arrival(features, str(value.get("id")))
            new = replace(new, arrival=foretold, driving=facts.driving(value, unit, words))
        place = next((place for place, other in enumerate(found) if _share_a_line(other, new)), None)
        if place is None:
            found.append(new)
        else:
            found[place] = replace(found[place], text=f"{found[place].text} · {new.text}")
    return found


def _share_a_line(one: Fact, other: Fact) -> bool:
    ages_equal = (one.observed_at, one.stale_at, one.source) == (other.observed_at, other.stale_at, other.source)
    return one.key in SHORT and other.key in SHORT and ages_equal


def _weight(fact: dict[str, Any]) -> float:
    weight = fact.get("weight")
    return float(weight) if isinstance(weight, int | float) else 0.0


def _arrive(features: dict[str, Feature], mission: Feature, unit: str | None, words: Words) -> list[Fact]:
    """When we arrive, and what of our way we should know: as old as the way was worked out."""
    found, route = arrivals.arrival(features, unit), arrivals.route_of(features, unit)
    if found is None or route is None or route.get("mission") != mission["id"]:
        return []
    eta = Fact("eta", "", found.observed_at, found.stale_at, found.source, None, 0.0, arrival=found)
    names = {key: ", ".join(map(str, route.get(key) or ())) for key in ("avoided", "passes")}
    unchecked = ", ".join(words.value("uncertain", name) for name in route.get("uncertain") or ())
    parts = (
        words.say("eta.way", distance=words.distance(found.length_m)) if found.length_m is not None else "",
        _detour(route, names["avoided"], words) if names["avoided"] else "",
        words.say("eta.uncertain", names=unchecked) if unchecked else "",
    )
    told = [("route", " · ".join(filter(None, parts)), "plain")]
    if names["passes"]:
        told.insert(0, ("passes", words.say("eta.passes", names=names["passes"]), "warn"))
    return [eta] + [replace(eta, key=key, text=text, arrival=None, level=level) for key, text, level in told if text]


def _detour(route: dict[str, Any], names: str, words: Words) -> str:
    cost_s = route.get("detour_s")
    key, numbers = ages.duration(cost_s if isinstance(cost_s, int | float) else 0)
    return words.say("eta.detour", span=words.say(key, **numbers), names=names)


def _way(mission: Feature, mine: Feature | None, here: geo.LonLat | None, words: Words) -> list[Fact]:
    """Distance and direction from the own vehicle, as old as its position."""
    target = geo.centre(mission["geometry"])
    if target is None or here is None or geo.distance_m(here, target) < NEAR_ENOUGH_M:
        return []
    distance = words.distance(geo.distance_m(here, target))
    way = words.say(f"compass.{geo.compass(geo.bearing_deg(here, target))}")
    times = (mine["properties"].get("times") or {}) if mine else {}
    text = words.say("fact.way", distance=distance, way=way)
    return [Fact("way", text, ages.moment(times.get("position")), None, "", None, 0.0)]
