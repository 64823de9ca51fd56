"""Parts room and occupant of the layer buildings: what a smart building knows of its inside, once its owner consents.

Who sees them is for `layers.views`: nobody before consent, and persons only the control room and the crews at hand.
"""

from collections.abc import Iterable

from layers import devices
from layers.book import Book, Change
from layers.draw import common, feature, flat, listed, plain, values
from layers.records import GEOMETRY, Record
from layers.wire import Feature

KINDS = frozenset({"room", "occupant"})
LISTENS = frozenset({"room", "occupant", "building"})

DANGER = frozenset({"smoked", "burning"})
"""Words of a room's status that are an alarm."""
PRESENT = "present"


def affected(change: Change, book: Book) -> Iterable[str]:
    """The room or person itself; those of a building that moved or whose consent changed."""
    if change.kind in KINDS:
        return (change.subject,)
    if not change.touches(GEOMETRY, "permission"):
        return ()
    return [record.subject for record in book.referring(change.subject, *sorted(KINDS))]


def present(book: Book, building: str) -> int:
    """How many persons the building says are inside."""
    return sum(record.get("present") == PRESENT for record in book.referring(building, "occupant"))


def draw(subject: str, book: Book) -> list[Feature]:
    """The room or person, at the point of its building."""
    record = book.records[subject]
    properties = common(book, record, "buildings", record.kind, record.get("name"), times=("status", "present"))
    if record.kind == "room":
        properties.update(
            values(record, "name", "building", "floor", "level", "markable", "marked"),
            room_type=record.get("type"),
            last_presence_at=plain(record.get("last_presence_at")),
            **listed(record, "status"),
        )
    else:
        properties.update(values(record, "name", "building", "born", "remark", "present"), places=_places(book, record))
        properties.update(listed(record, "health"))
    properties["consent"] = devices.consent(book, record)
    return [feature(subject, flat(devices.position(book, record)), properties)]


def _places(book: Book, record: Record) -> list[dict[str, object]]:
    """Where the person probably is: `{id, name, floor, probability}`, the likeliest first."""
    told = []
    for room, probability in zip(record.get("rooms") or (), record.get("probabilities") or (), strict=False):
        known = book.record(room, "room")
        name, floor = (known.get("name"), known.get("floor")) if known is not None else (None, None)
        told.append({"id": room, "name": name, "floor": floor, "probability": probability})
    return told


def urgent(before: Feature | None, after: Feature) -> bool:
    """A room that fills with smoke or begins to burn."""
    now = DANGER.intersection(after["properties"].get("status") or ())
    was = DANGER.intersection((before["properties"].get("status") or ()) if before is not None else ())
    return bool(now - was)
