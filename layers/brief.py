"""The five-minute card of a mission: what a crew needs, ranked by what it changes for them.

A pure function of the picture. Facts are neutral of language: `key` is what a client labels, enumerations stay words
of the wire. Each fact has its own age, source and feature, so nothing on a card is older than it looks.
"""

from collections.abc import Iterable
from heapq import nlargest
from typing import Any

from layers import approach, crowd, devices, fms, missions, units, warnings, water
from layers.assignment import units_of
from layers.book import SEARCH, Book, extent
from layers.buildings import GRANTED, devices_of, persons_probable
from layers.draw import Properties, plain, stale_at, stamp, verdict
from layers.geo import Box, centre, contains, distance_m, distance_to_m
from layers.near import around
from layers.position import AMBIGUOUS, DISPATCH, Position, geocode, place, position
from layers.records import GEOMETRY, Claim, Record

LIFE, ACCESS, HAZARD, WATER, CONTEXT = 100, 80, 60, 40, 20
"""Weights: facts of a section stand in their order, equal weights in the order they are gathered."""

HOME_M, CROWD_M, DRONE_M, REPORT_M = 150.0, 150.0, 1_500.0, 500.0
"""How far from the mission something may be and still concern it, metres."""
FARTHEST_M = max(HOME_M, CROWD_M, DRONE_M, REPORT_M)
MOST = {
    "unit": 40,
    "device": 20,
    "door": 10,
    "camera": 6,
    "drone": 3,
    "crowd": 5,
    "report": 5,
    "note": 8,
    "warning": 5,
    "candidate": 3,
}
"""Most facts of a sort on one card."""

SECTIONS = ("was", "wo", "wer", "wann", "details", "kontext")
OPENINGS = frozenset({"door", "window", "garage", "gate"})
Fact = dict[str, Any]


def brief(book: Book, mission: Record) -> dict[str, list[Fact]]:
    """The sections of the card. Of an ended mission only what was known of itself: consent of homes ends with it."""
    sections = {
        "was": _was(book, mission),
        "wo": _wo(book, mission),
        "wer": _wer(book, mission),
        "wann": _wann(book, mission),
        "details": [],
        "kontext": [*_notes(book, mission), *_known(book, mission, CONTEXT, "reporter", "alert_source", "number")],
    }
    spot = place(mission)
    if missions.state(mission, book.time()) == missions.OPEN:
        if spot is not None:
            here = centre(spot)
            sections["wer"] += _drones(book, here)
            sections["details"] = [*_homes(book, here), *_crowds(book, here), *_water(book, mission)]
            sections["kontext"] += [*_warnings(book, here), *_reports(book, here)]
        sections["kontext"] += _searched(book, mission)
    return {name: sorted(facts, key=lambda fact: -int(fact["weight"])) for name, facts in sections.items()}


def fact(
    book: Book, record: Record, claim: Claim | None, key: str, value: Any, weight: int, unit: str | None = None
) -> Fact:
    """One fact, as old as the claim it rests on."""
    claim = claim or record.lead
    told: Fact = {
        "key": key,
        "value": value,
        "observed_at": stamp(claim.observed_at),
        "stale_at": stamp(stale_at(book, record.kind, claim.observed_at)),
        "source": claim.source,
        "feature": record.subject,
        "weight": weight,
    }
    return told if unit is None else {**told, "unit": unit}


def _known(book: Book, record: Record, weight: int, *names: str) -> list[Fact]:
    """Attributes that are known, each with its own age."""
    return [
        fact(book, record, record.claim(name), name, plain(record.get(name)), weight)
        for name in names
        if record.get(name) is not None
    ]


def _was(book: Book, mission: Record) -> list[Fact]:
    first = _known(book, mission, LIFE, "keyword", "keyword_short", "category")
    return first + _known(book, mission, HAZARD, "subcategory", "severity", "description")


def _wo(book: Book, mission: Record) -> list[Fact]:
    address, here = missions.address(mission), position(mission)
    told = []
    if address is not None and address["text"]:
        told.append(fact(book, mission, mission.claim("address"), "address", address["text"], ACCESS))
    elif here is not None:
        told.append(fact(book, mission, here.claim, "position", list(centre(here.geometry)), ACCESS))
    return told + _placed(book, mission, here) + _known(book, mission, ACCESS, "location_detail")


def _placed(book: Book, mission: Record, here: Position | None) -> list[Fact]:
    """How far the place on the map can be trusted, where it is not dispatch's own: so nobody drives to a guess."""
    if here is not None and here.source != DISPATCH:
        value = {"source": here.source, "accuracy_m": here.accuracy_m, "label": here.label, "score": here.score}
        return [fact(book, mission, here.claim, "position_source", value, ACCESS)]
    told = geocode(mission)
    if here is None and told is not None and told.verdict == AMBIGUOUS:
        labels = [hit.label for hit in told.hits[: MOST["candidate"]]]
        return [fact(book, mission, mission.claim("geocode"), "address_ambiguous", labels, ACCESS)]
    return []


def _wann(book: Book, mission: Record) -> list[Fact]:
    state = fact(book, mission, mission.lead, "state", missions.state(mission, book.time()), CONTEXT)
    return [*_known(book, mission, CONTEXT, "issued_at", "valid_from", "valid_to"), state]


def _wer(book: Book, mission: Record) -> list[Fact]:
    known = (book.record(unit, "unit") for unit in units_of(book, mission.subject)[: MOST["unit"]])
    return [_unit(book, mission, unit) for unit in known if unit is not None]


def _unit(book: Book, mission: Record, unit: Record) -> Fact:
    """A unit with its status and its distance, which is of one position per step so that the card keeps still."""
    target, status = place(mission), unit.get("fms_status")
    distance = None
    if target is not None and unit.history:
        lon, lat = unit.history[-1][1]
        distance = round(distance_m(lon, lat, *centre(target)), -1)
    value = {
        "id": unit.subject,
        "call_sign": unit.get("call_sign") or unit.get("name"),
        "fms_status": status,
        "state": units.state(unit, book),
        "emergency": units.emergency(unit),
        "distance_m": distance,
        "distance_at": stamp(unit.history[-1][0].observed_at) if distance is not None else None,
        **approach.properties(approach.current(book, unit)),
    }
    committed = status in fms.FMS and fms.meaning(status, book.settings.fms).committed
    weight = LIFE if value["emergency"] else ACCESS if committed else CONTEXT
    return fact(book, unit, unit.claim("fms_status"), "unit", value, weight)


def _around(book: Book, here: tuple[float, float], metres: float, *kinds: str) -> list[tuple[float, Record]]:
    """Records within a distance, nearest first."""
    lon, lat = here
    box: Box = around((lon, lat, lon, lat), metres)
    found = []
    for record in book.around(box, *kinds):
        place = extent(record)
        if place is not None and (distance := distance_to_m(place, lon, lat)) <= metres:
            found.append((distance, record))
    return sorted(found, key=lambda entry: (entry[0], entry[1].subject))


def _drones(book: Book, here: tuple[float, float]) -> list[Fact]:
    told = []
    for _, drone in _around(book, here, DRONE_M, "drone")[: MOST["drone"]]:
        value = {"id": drone.subject, **{n: drone.get(n) for n in ("name", "flight_status", "recording")}}
        value["media"] = plain(drone.get("media")) or []
        claim = drone.claim("media") or drone.claim("flight_status") or drone.claim("name")
        told.append(fact(book, drone, claim, "drone", value, HAZARD if value["media"] else CONTEXT))
    return told


def _homes(book: Book, here: tuple[float, float]) -> list[Fact]:
    told: list[Fact] = []
    for _, building in _around(book, here, HOME_M, "building"):
        if building.get("permission") == GRANTED:
            found = devices_of(book, building.subject)
            told += [*_alarms(book, found), *_persons(book, building, found), *_openings(book, found)]
            told += [*_known(book, building, ACCESS, "floor_plan_url"), *_cameras(book, found)]
    return _most(told)


def _alarms(book: Book, found: Iterable[Record]) -> list[Fact]:
    told = []
    for device in found:
        state = devices.state(device)
        if state not in (devices.ALARM, devices.WARNING):
            continue
        value = _device(device, state=state)
        weight = LIFE if state == devices.ALARM else HAZARD
        told.append(fact(book, device, device.claim("value") or device.claim("state"), "device", value, weight))
    return told


def _device(device: Record, **more: Any) -> Properties:
    return {
        "id": device.subject,
        "name": device.get("name") or device.get("description"),
        "measures": list(device.get("measures") or ()),
        "value": plain(device.get("value")),
        **more,
    }


def _persons(book: Book, building: Record, found: list[Record]) -> list[Fact]:
    number = persons_probable(found)
    if not number:
        return []
    telling = [device for device in found if persons_probable([device])]
    newest = max(telling, key=lambda device: (device.claim("value") or device.lead, device.subject))
    rooms = [device.get("name") or device.subject for device in telling]
    value = {"number": number, "where": rooms, "building": building.subject}
    return [fact(book, newest, newest.claim("value"), "persons_probable", value, LIFE)]


def _openings(book: Book, found: Iterable[Record]) -> list[Fact]:
    told = []
    for device in found:
        actuator = "actuator" in (device.get("categories") or ())
        if actuator and not OPENINGS.isdisjoint(device.get("measures") or ()):
            value = _device(device, action_status=device.get("action_status"))
            told.append(fact(book, device, device.claim("value"), "door", value, ACCESS))
    return told


def _cameras(book: Book, found: Iterable[Record]) -> list[Fact]:
    told = []
    for device in found:
        value = device.get("value")
        if isinstance(value, dict) and isinstance(value.get("url"), str):
            picture = {"id": device.subject, "name": device.get("name"), "url": value["url"]}
            told.append(fact(book, device, device.claim("value"), "camera", picture, CONTEXT))
    return told


def _crowds(book: Book, here: tuple[float, float]) -> list[Fact]:
    told = []
    names = ("people", "density_pm2", "level_of_service", "over_threshold", "trend_pm2_per_min", "blind")
    for distance, region in _around(book, here, CROWD_M, "crowd_region")[: MOST["crowd"]]:
        properties = crowd.draw(region.subject, book)[0]["properties"]
        if properties["people"] is None:
            continue
        value = {"id": region.subject, "name": properties["name"], "distance_m": round(distance)}
        value |= {name: properties[name] for name in names}
        count = book.record(properties["count"], "crowd_count") or region
        weight = LIFE if properties["over_threshold"] else ACCESS
        told.append(fact(book, count, count.claim("people"), "crowd", value, weight) | {"feature": region.subject})
    return told


def _water(book: Book, mission: Record) -> list[Fact]:
    claim = mission.claim(water.NAME)
    return [fact(book, mission, claim, "water", point, WATER) for point in water.points(mission)]


def _warnings(book: Book, here: tuple[float, float]) -> list[Fact]:
    told = []
    for warning in book.around((*here, *here), "warning"):
        if not warnings.in_force(book, warning) or warnings.is_replaced(book, warning):
            continue
        if contains(warning.get(GEOMETRY), *here):
            names = ("event", "headline", "severity", "instruction", "onset_at", "ends_at")
            value = {name: plain(warning.get(name)) for name in names}
            told.append(fact(book, warning, warning.lead, "warning", value, HAZARD))
    return told[: MOST["warning"]]


def _reports(book: Book, here: tuple[float, float]) -> list[Fact]:
    kinds = ("citizen_report", "post", "social_event")
    found = [entry for entry in _around(book, here, REPORT_M, *kinds) if not _rejected(book, entry[1])]
    return [_report(book, record, round(distance)) for distance, record in found[: MOST["report"]]]


def _searched(book: Book, mission: Record) -> list[Fact]:
    """Posts without a place that one of the mission's own searches found, newest first."""
    found = {
        post.subject: post
        for search in mission.get("search_ids") or ()
        for post in book.referring(SEARCH + search, "post", "social_event")
        if post.get(GEOMETRY) is None and not _rejected(book, post)
    }
    newest = nlargest(MOST["report"], found.values(), key=lambda post: (post.lead, post.subject))
    return [_report(book, post, None) for post in newest]


def _rejected(book: Book, report: Record) -> bool:
    word = book.verdicts.get(report.subject)
    return word is not None and word.decision == "reject"


def _report(book: Book, report: Record, distance: int | None) -> Fact:
    texts = " ".join(report.get("texts") or ())
    text = report.get("snippet") or report.get("message") or report.get("rule_name") or texts or None
    value = {
        "kind": report.kind,
        "text": None if text is None else str(text)[:280],
        "network": report.get("network"),
        "image_urls": list(report.get("image_urls") or ())[:3],
        "distance_m": distance,
        "verdict": verdict(book, report.subject),
    }
    return fact(book, report, report.lead, "report", value, CONTEXT)


def _notes(book: Book, mission: Record) -> list[Fact]:
    found = [note for note in book.referring(mission.subject, "note") if note.get("text")]
    newest = sorted(found, key=lambda note: (note.lead, note.subject), reverse=True)[: MOST["note"]]
    return [
        fact(book, note, note.lead, "note", {"text": note.get("text"), "origin": note.get("origin")}, CONTEXT)
        for note in newest
    ]


def _most(told: list[Fact]) -> list[Fact]:
    """At most so many facts of each sort, the weightiest."""
    kept: list[Fact] = []
    count: dict[str, int] = {}
    for entry in sorted(told, key=lambda entry: -int(entry["weight"])):
        count[entry["key"]] = count.get(entry["key"], 0) + 1
        if count[entry["key"]] <= MOST.get(entry["key"], 20):
            kept.append(entry)
    return kept
