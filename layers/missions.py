"""Layer missions: the Einsatz, its units, and who has read it."""

from collections.abc import Iterable
from datetime import datetime

from layers import water
from layers.assignment import concerned, units_of
from layers.book import Book, Change
from layers.draw import Properties, common, feature, flat, listed, maybe, plain, seen_by, stamp, values
from layers.position import AMBIGUOUS, DISPATCH, Position, address_text, geocode, position
from layers.records import Record
from layers.wire import Feature

KINDS = frozenset({"mission"})
LISTENS = frozenset({"mission", "unit"})

OPEN, ENDED = "open", "ended"


def affected(change: Change, book: Book) -> Iterable[str]:
    """A mission itself; the missions of a unit whose status, name or assignment changed."""
    if change.kind == "mission":
        return (change.subject,)
    if change.touches("fms_status", "call_sign", "name", "mission"):
        return concerned(book, change)
    return ()


def state(record: Record, now: datetime) -> str:
    """`ended` once it was closed or the end it named has passed, else `open`."""
    valid_to = record.get("valid_to")
    return ENDED if record.get("closed") or (valid_to is not None and valid_to <= now) else OPEN


def due(subject: str, book: Book) -> datetime | None:
    """When the mission ends of itself."""
    record = book.records[subject]
    valid_to: datetime | None = record.get("valid_to")
    return valid_to if valid_to is not None and valid_to > book.time() else None


def title(record: Record) -> str | None:
    """What the mission is called in lists."""
    names = (record.get(name) for name in ("keyword", "keyword_short", "description", "number"))
    return next((str(name) for name in names if name), None)


def draw(subject: str, book: Book) -> list[Feature]:
    """The mission as one point (null without a position)."""
    record = book.records[subject]
    properties = common(book, record, "missions", "mission", title(record), not_after=record.get("valid_to"))
    properties.update(
        values(
            record,
            *("number", "keyword", "keyword_short", "category", "subcategory", "description", "severity"),
            *("location_detail", "alert_source", "reporter"),
        ),
        address=address(record),
        issued_at=maybe(record.get("issued_at")),
        valid_from=maybe(record.get("valid_from")),
        valid_to=maybe(record.get("valid_to")),
        state=state(record, book.time()),
        units=units_of(book, subject),
        unit_states=[_unit_state(book, unit) for unit in units_of(book, subject)],
        seen_by=seen_by(book, subject),
        **listed(record, "search_ids"),
    )
    here = position(record)
    properties.update(_placing(record, here))
    properties["accuracy_m"] = None if here is None else here.accuracy_m
    _tell_time_of_position(properties, here)
    drawn = [feature(subject, None if here is None else flat(here.geometry), properties)]
    return [*drawn, *water.draw(book, record)] if properties["state"] == OPEN else drawn


def _placing(record: Record, here: Position | None) -> Properties:
    """By whose word it is where it is, and what an ambiguous address may mean."""
    told = geocode(record)
    open_hits = told.hits if told is not None and told.verdict == AMBIGUOUS and here is None else ()
    return {
        "position_source": None if here is None else here.source,
        "position_accuracy_m": None if here is None else here.accuracy_m,
        "position_label": None if here is None else here.label,
        "geocode_state": None if told is None else told.verdict,
        "geocode_score": None if here is None else here.score,
        "candidates": [plain(hit) for hit in open_hits],
    }


def _tell_time_of_position(properties: Properties, here: Position | None) -> None:
    """In `times`, `position` is that of the word that holds, whoever said it."""
    times = properties["times"]
    times.pop("geocode", None)
    times.pop("located", None)
    if here is not None and here.source != DISPATCH:
        times["position"] = stamp(here.claim.observed_at)
        properties["times"] = dict(sorted(times.items()))


def address(record: Record) -> Properties | None:
    """Street, postcode and city with `text`, the line a person reads."""
    given = record.get("address")
    if given is None:
        return None
    return {
        "street": given.street,
        "postcode": given.postcode,
        "city": given.city,
        "text": address_text(record),
    }


def _unit_state(book: Book, unit: str) -> Properties:
    record = book.record(unit, "unit")
    if record is None:
        return {"id": unit, "call_sign": None, "fms_status": None, "observed_at": None}
    claim = record.claim("fms_status")
    return {
        "id": unit,
        "call_sign": plain(record.get("call_sign") or record.get("name")),
        "fms_status": record.get("fms_status"),
        "observed_at": None if claim is None else stamp(claim.observed_at),
    }


def urgent(before: Feature | None, after: Feature) -> bool:
    """A new mission cannot wait."""
    return before is None and after["properties"]["part"] == "mission"
