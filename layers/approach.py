"""On the way: when a unit arrives at its mission, and the way it takes, as worked out from the roads (part `route`)."""

from datetime import datetime, timedelta

from layers import fms, missions
from layers.assignment import mission_of
from layers.book import Book
from layers.content_parts import Approach
from layers.draw import Properties, common, feature, only, plain, stamp
from layers.records import Record
from layers.wire import Feature

NAME = "approach"
EN_ROUTE = "en_route"
KEPT = timedelta(minutes=15)
"""An arrival that nobody has worked out anew for so long is not shown: the unit has been silent."""
NOTHING: Properties = {"eta_at": None, "eta_s": None, "route_length_m": None}


def is_on_the_way(book: Book, unit: Record) -> bool:
    """Whether its newest status that gives a state says so."""
    return fms.state(unit.get(fms.STATE), book.settings.fms) == EN_ROUTE


def current(book: Book, unit: Record) -> Approach | None:
    """The approach as it stands: of a unit on its way to the open mission that it was worked out for."""
    found: Approach | None = unit.get(NAME)
    if found is None or not is_on_the_way(book, unit) or found.mission != mission_of(book, unit):
        return None
    mission = book.record(found.mission, "mission")
    if mission is None or missions.state(mission, book.time()) != missions.OPEN:
        return None
    return found if book.time() < ends_at(unit) else None


def ends_at(unit: Record) -> datetime:
    """When the approach of a unit is no longer shown."""
    claim = unit.claim(NAME)
    assert claim is not None
    return claim.observed_at + KEPT


def properties(found: Approach | None) -> Properties:
    """What a unit tells of its arrival."""
    if found is None:
        return dict(NOTHING)
    return {"eta_at": stamp(found.eta_at), "eta_s": found.eta_s, "route_length_m": found.length_m}


def route(book: Book, unit: Record, found: Approach) -> Feature:
    """The way as a line."""
    name = unit.get("call_sign") or unit.get("name")
    told = common(book, unit, "routes", "route", name, held=only(unit, NAME), expires_at=ends_at(unit))
    told.update(
        properties(found),
        unit=unit.subject,
        mission=found.mission,
        profile=found.profile,
        walk_m=found.walk_m,
        detour_s=found.detour_s,
        avoided=plain(found.avoided),
        passes=plain(found.passes),
        uncertain=plain(found.uncertain),
    )
    return feature(f"{unit.subject}#route", {"type": "LineString", "coordinates": plain(found.line)}, told)
