"""Layer units: vehicles and teams with position, radio status and mission."""

from collections.abc import Iterable
from datetime import datetime

from layers import approach, fms
from layers.assignment import mission_of
from layers.book import Book, Change
from layers.draw import common, feature, flat, plain, values
from layers.geo import distance_m
from layers.position import NAMES as MOVING
from layers.position import place
from layers.records import GEOMETRY, Record
from layers.wire import Feature

KINDS = frozenset({"unit"})
LISTENS = frozenset({"unit", "mission"})
FROM_TAK = ("team", "team_role", "battery_pct", "hae_m", "cot_type")
"""Told where somebody told them: most units have no TAK client."""


def affected(change: Change, book: Book) -> Iterable[str]:
    """The unit itself; the units of a mission that moved or whose list of units changed."""
    if change.kind == "unit":
        return (change.subject,)
    if not change.touches("units", "closed", "valid_to", *MOVING):
        return ()
    record = book.record(change.subject, "mission")
    listed = (record.get("units") or ()) if record is not None else ()
    return [*(unit.subject for unit in book.referring(change.subject, "unit")), *listed]


def state(record: Record, book: Book) -> str:
    """What the newest state-giving status says; calls (0), requests to speak (5) and 9 keep it."""
    return fms.state(record.get(fms.STATE), book.settings.fms)


def emergency(record: Record) -> bool:
    """Whether the unit called for help (0) and has given no state since."""
    called, cleared = record.claim(fms.CALLED), record.claim(fms.CLEARED)
    return called is not None and (cleared is None or called > cleared)


def draw(subject: str, book: Book) -> list[Feature]:
    """The unit as one point (null without a position)."""
    record = book.records[subject]
    name = record.get("call_sign") or record.get("name")
    mission = mission_of(book, record)
    found = approach.current(book, record)
    geometry = flat(record.get(GEOMETRY))
    properties = common(book, record, "units", "unit", name, times=(GEOMETRY, "fms_status"))
    properties.update(
        values(
            record,
            *("name", "call_sign", "description", "vehicle_type", "base_station", "fms_status"),
            *("heading_deg", "speed_mps"),
        ),
        state=state(record, book),
        mission=mission,
        report_to=plain(record.get("report_to")),
        emergency=emergency(record),
        speech_request=record.get("fms_status") == fms.SPEECH_REQUEST,
        distance_m=mission_distance_m(book, record, mission),
        **values(record, *(name for name in FROM_TAK if name in record.held)),
    )
    properties.update(approach.properties(found))
    drawn = [feature(subject, geometry, properties)]
    return drawn if found is None else [*drawn, approach.route(book, record, found)]


def due(subject: str, book: Book) -> datetime | None:
    """When the approach that is shown is too old to be shown."""
    record = book.records[subject]
    return None if approach.current(book, record) is None else approach.ends_at(record)


def mission_distance_m(book: Book, unit: Record, mission: str | None) -> float | None:
    """Distance to the mission as the crow flies, in whole metres; None where a position is missing."""
    target = book.record(mission, "mission") if mission is not None else None
    here, there = unit.get(GEOMETRY), place(target) if target is not None else None
    if here is None or there is None or here["type"] != "Point" or there["type"] != "Point":
        return None
    (lon, lat), (to_lon, to_lat) = here["coordinates"][:2], there["coordinates"][:2]
    return round(distance_m(lon, lat, to_lon, to_lat), 0)


def urgent(before: Feature | None, after: Feature) -> bool:
    """An emergency call cannot wait."""
    if after["properties"]["part"] != "unit":
        return False
    return bool(after["properties"]["emergency"]) and not (before is not None and before["properties"]["emergency"])
