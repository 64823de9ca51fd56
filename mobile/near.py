"""What is near the vehicle or the mission, nearest first: people, hazards, help, water."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from layers.wire import Feature
from mobile import ages, arrivals, describe, geo, pack_words
from mobile.hoses import Source
from mobile.i18n import Words
from mobile.map.marks import CALLS
from mobile.mission import of_layer, own_missions
from mobile.own import OwnObject, Plan
from mobile.pack import WaterPoint

REACH_M = 1500.0
LIMIT = 40
WATER_LIMIT = 3
OWN_LIMIT = 12
AT_THE_FIRE_M = 5.0


@dataclass(frozen=True)
class Entry:
    """One row. `level` is alarm, warn, plain, own or water; `direction` is a compass letter, "" when here."""

    id: str
    title: str
    text: str
    distance_m: float
    direction: str
    level: str
    age: str
    stale: bool
    at: geo.LonLat
    plans: tuple[Plan, ...] = ()


def origin(
    features: dict[str, Feature], unit: str | None, position: geo.LonLat | None, which: str
) -> geo.LonLat | None:
    """Where to measure from: "me" (own position, else the own unit's) or "mission" (the first own one)."""
    if which == "me":
        mine = features.get(unit) if unit else None
        return position or (geo.centre(mine["geometry"]) if mine else None)
    missions = own_missions(features, unit)
    return geo.centre(missions[0]["geometry"]) if missions else None


def level(feature: Feature) -> str:
    """alarm, warn or plain: what calls for attention."""
    properties = feature["properties"]
    part = properties.get("part")
    counts = properties.get("devices")
    if part == "building" and isinstance(counts, dict) and counts.get("alarm"):
        return "alarm"
    if part == "device" and properties.get("state") == "ALARM":
        return "alarm"
    if part == "region" and (properties.get("over_threshold") or properties.get("level_of_service") in ("E", "F")):
        return "alarm"
    if (part == "unit" and properties.get("emergency")) or (part == "mark" and properties.get("mark") in CALLS):
        return "alarm"
    if part == "warning" or (part == "device" and properties.get("state") == "WARNING"):
        return "warn"
    if part == "region" and properties.get("level_of_service") == "D":
        return "warn"
    return "plain"


def shown(feature: Feature, features: dict[str, Feature], unit: str | None) -> bool:
    """Whether a feature belongs into the list: not what is quiet, not the own vehicle, not helper shapes."""
    properties = feature["properties"]
    part = properties.get("part")
    if feature["id"] == unit or properties.get("layer") in ("cards", "sources"):
        return False
    if part == "device":  # the devices of a known building are counted in its own row
        return properties.get("state") in ("ALARM", "WARNING") and properties.get("building") not in features
    if part == "building":
        counts = properties.get("devices")
        return bool(properties.get("persons_probable")) or (isinstance(counts, dict) and bool(counts.get("alarm")))
    if part == "mission":
        return bool(properties.get("state") != "ended") and unit not in (properties.get("units") or ())
    return part in ("unit", "region", "drone", "warning", "citizen_report", "note", "mark")


def entries(
    features: dict[str, Feature],
    water: Iterable[WaterPoint],
    here: geo.LonLat,
    unit: str | None,
    now: datetime | None,
    words: Words,
    own: Iterable[OwnObject] = (),
    sources: Sequence[Source] | None = None,
    place: Callable[[Feature], str] = lambda _: "",
) -> list[Entry]:
    """The rows: alarms first, then by distance; then the operator's own objects; the nearest water (given nearest
    first) last of all, whatever else: `sources` by the length of hose from here, `water` as the crow flies where no
    pack knows the ways. `place` tells the nearest address of a feature, "" for none.
    """
    found = []
    for feature in features.values():
        if not shown(feature, features, unit):
            continue
        nearest = geo.nearest_m(feature["geometry"], here)
        properties = feature["properties"]
        fresh = ages.position_freshness(properties, now)
        if nearest is None or nearest[0] > REACH_M or fresh is ages.Freshness.EXPIRED:
            continue
        text = arrivals.line(feature, features, now, words)
        if properties.get("part") == "warning" and nearest[0] == 0:
            text = " · ".join(filter(None, (words.say("warning.inside"), text)))
        text = " · ".join(filter(None, (text, place(feature))))
        age = words.age(ages.age_s(_telling(feature, features), now, "value"))
        stale = fresh is ages.Freshness.STALE
        name = describe.title(feature, words)
        found.append(_entry(str(feature["id"]), name, text, nearest, here, level(feature), age, stale))
    found.sort(key=lambda entry: (("alarm", "warn", "plain").index(entry.level) > 0, entry.distance_m, entry.id))
    near_by = _by_hose(sources, here, words) if sources else _water(water, here, words)
    measured = {entry.id: entry.distance_m for entry in near_by} if sources else {}
    mine = [
        replace(entry, distance_m=measured.get(entry.id, entry.distance_m))
        for entry in _mission_water(features, here, unit, now, words)
    ]
    listed = {entry.id for entry in mine}
    return found[:LIMIT] + _own(own, here, now, words) + mine + [entry for entry in near_by if entry.id not in listed]


def _own(objects: Iterable[OwnObject], here: geo.LonLat, now: datetime | None, words: Words) -> list[Entry]:
    """Own objects by distance, with the day that their table is of. Hydrants are told as water."""
    found = []
    for one in objects:
        nearest = geo.nearest_m(one.geometry, here)
        if one.kind == "hydrant" or nearest is None or nearest[0] > REACH_M or not one.is_valid(now):
            continue
        kind = words.value("own", one.kind)
        text = " · ".join(filter(None, (kind, one.address, one.note)))
        age = words.say("own.data_at", date=pack_words.date(one.data_at, words)) if one.data_at else ""
        row = _entry(one.id, one.title or one.ref or kind, text, nearest, here, "own", age)
        found.append(replace(row, plans=one.plans))
    return sorted(found, key=lambda entry: (entry.distance_m, entry.id))[:OWN_LIMIT]


def _mission_water(
    features: dict[str, Feature], here: geo.LonLat, unit: str | None, now: datetime | None, words: Words
) -> list[Entry]:
    """The water that the server found for the first own mission, by the length of hose. Its ids are the pack's."""
    missions = own_missions(features, unit)
    found = []
    for feature in of_layer(features, "water"):
        properties = feature["properties"]
        fresh = ages.freshness(properties, now)
        at = geo.centre(feature["geometry"])
        if not missions or properties.get("mission") != missions[0]["id"] or at is None:
            continue
        if fresh is ages.Freshness.EXPIRED:
            continue
        old = fresh is ages.Freshness.STALE
        title, text = describe.title(feature, words), describe.line(feature, words)
        age = words.age(ages.age_s(properties, now)) if old else ""
        name, nearest = _key(str(properties.get("osm"))), (geo.distance_m(here, at), at)
        row = _entry(name, title, text, nearest, here, "water", age, old)
        fire, hose_m = geo.centre(missions[0]["geometry"]), properties.get("distance_m")
        if fire is not None and isinstance(hose_m, int | float) and geo.distance_m(here, fire) < AT_THE_FIRE_M:
            row = replace(row, distance_m=float(hose_m))  # one measures from there: the hose is the distance
        found.append(row)
    return found


def _telling(feature: Feature, features: dict[str, Feature]) -> dict[str, Any]:
    """Whose age counts: a building is as new as the newest of its devices in alarm, anything else as itself."""
    if feature["properties"].get("part") != "building":
        return dict(feature["properties"])
    alarms: list[dict[str, Any]] = [
        other["properties"]
        for other in features.values()
        if other["properties"].get("building") == feature["id"] and other["properties"].get("state") == "ALARM"
    ]
    newest = max(alarms, key=lambda properties: str(properties.get("observed_at")), default=feature["properties"])
    return dict(newest)


def _entry(
    name: str,
    title: str,
    text: str,
    nearest: tuple[float, geo.LonLat],
    here: geo.LonLat,
    level_: str = "plain",
    age: str = "",
    stale: bool = False,
) -> Entry:
    distance, at = nearest
    direction = geo.compass(geo.bearing_deg(here, at)) if distance >= 5 else ""
    return Entry(name, title, text, distance, direction, level_, age, stale, at)


def _key(name: str) -> str:
    """One id for a water point of the server's (node/7, own/layer/7) and of a pack's (node7, own:layer:7)."""
    if name.startswith(("own/", "own:")):
        return name.replace("/", ":", 2)
    return f"base:{name.replace('/', '', 1)}"


def _by_hose(sources: Iterable[Source], here: geo.LonLat, words: Words) -> list[Entry]:
    """Water by the length of hose, in the words of the card."""
    found = []
    for one in sources:
        size = f"DN {one.diameter_mm}" if one.diameter_mm else ""
        bank = words.say("fact.bank") if one.is_open else ""
        hose = describe.hose({"distance_m": one.distance_m, "b_hoses": one.b_hoses}, words)
        text = " · ".join(filter(None, (size, hose, bank)))
        name = f"{words.value('water', one.kind)} {one.ref or one.name}".strip()
        entry = _entry(_key(one.id), name, text, (geo.distance_m(here, one.at), one.at), here, "water")
        found.append(replace(entry, distance_m=float(one.distance_m)))
    return found[:WATER_LIMIT]


def _water(points: Iterable[WaterPoint], here: geo.LonLat, words: Words) -> list[Entry]:
    """The nearest water; the distance is that of the crow, and says so."""
    found = []
    for point in points:
        size = f"DN {point.diameter_mm}" if point.diameter_mm else ""
        text = " · ".join(filter(None, (size, words.say("near.crow"))))
        name = f"{words.value('hydrant', point.kind)} {point.ref}".strip()
        nearest = geo.distance_m(here, point.at), point.at
        found.append(_entry(_key(point.id), name, text, nearest, here, "water"))
    return found[:WATER_LIMIT]
