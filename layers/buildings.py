"""Layer buildings: smart homes, what their devices say together, and whether the owner consents."""

from collections.abc import Iterable

from layers import devices, rooms
from layers.book import Book, Change
from layers.draw import common, feature, flat, listed, values
from layers.missions import address
from layers.records import GEOMETRY, Record
from layers.wire import Feature

KINDS = frozenset({"building"})
LISTENS = frozenset({"building", "device", "occupant"})

GRANTED = "GRANTED"
COUNTED, MOTION = frozenset({"occupancy"}), frozenset({"motion", "presence"})
"""What devices measure that tells of persons: how many are in a room, or that somebody moves."""


def affected(change: Change, book: Book) -> Iterable[str]:
    """The building itself; the building of a device or person that changed."""
    if change.kind == "building":
        return (change.subject,)
    inside = book.record(change.subject, "device", "occupant")
    building = inside.get("building") if inside is not None else None
    return (building,) if building else ()


def devices_of(book: Book, building: str) -> list[Record]:
    """The known devices of a building, by subject."""
    return list(book.referring(building, "device"))


def persons_probable(found: list[Record]) -> int | None:
    """How many persons are probably inside: the sum of the occupancy sensors, at least one where anything moves.

    None where no sensor that could know has reported; 0 says that those that could have noticed saw nobody.
    """
    counted, moving, known = 0, False, False
    for device in found:
        measures, value = frozenset(device.get("measures") or ()), device.get("value")
        if value is None or measures.isdisjoint(COUNTED | MOTION):
            continue
        known = True
        if measures & COUNTED:
            number = devices.number(value)
            counted += int(devices.is_on(value)) if number is None else max(0, min(10_000, round(number)))
        else:
            moving = moving or devices.is_on(value)
    return max(counted, int(moving)) if known else None


def _inside(book: Book, building: str, found: list[Record]) -> int | None:
    """The more of what sensors count and of the persons that the building itself says are present."""
    by_sensors, known = persons_probable(found), rooms.present(book, building)
    return max(by_sensors or 0, known) if known else by_sensors


def draw(subject: str, book: Book) -> list[Feature]:
    """The building as one point."""
    record = book.records[subject]
    found = devices_of(book, subject)
    states = [devices.state(device) for device in found]
    place = address(record)
    title = record.get("description") or (place["text"] if place is not None else None)
    properties = common(book, record, "buildings", "building", title, times=("permission",))
    properties.update(
        values(record, "permission", "description", "name", "email", "floor_plan_url", "source_url", "material"),
        address=place,
        devices={name.lower(): states.count(name) for name in devices.STATES},
        persons_probable=_inside(book, subject, found),
        **listed(record, "categories", "heating"),
    )
    return [feature(subject, flat(record.get(GEOMETRY)), properties)]
