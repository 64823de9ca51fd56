"""Which unit belongs to which mission, from what dispatch says of the mission and what is said of the unit.

Both sides name the other (`Mission.units`, `Unit.mission`) and reach us apart. A unit belongs to a mission that it
names or that lists it, unless the unit's own word is newer than the list and names another mission or none.
"""

from layers.book import ALL, Book, Change
from layers.records import Claim, Record


def units_of(book: Book, mission: str) -> list[str]:
    """Subjects of the units assigned to a mission, sorted; also units that are listed but never spoke."""
    record = book.record(mission, "mission")
    found = {unit.subject for unit in book.referring(mission, "unit")}
    for unit in (record.get("units") or ()) if record is not None else ():
        if record is not None and _listed(record, book.record(unit, "unit")):
            found.add(unit)
    return sorted(found)


def missions_of(book: Book, unit: str) -> list[str]:
    """Subjects of the missions a unit is assigned to, sorted; its own word may name a mission not known yet."""
    record = book.record(unit, "unit")
    found = {mission.subject for mission in book.referring(unit, "mission") if _listed(mission, record)}
    if record is not None and record.get("mission"):
        found.add(record.get("mission"))
    return sorted(found)


def belongs(book: Book, unit: str, mission: str) -> bool:
    """Whether the mission is one of `missions_of`, without a look at the others."""
    record = book.record(unit, "unit")
    if record is not None and record.get("mission") == mission:
        return True
    listing = book.record(mission, "mission")
    return listing is not None and unit in (listing.get("units") or ()) and _listed(listing, record)


def concerned(book: Book, change: Change) -> list[str]:
    """Missions that show a unit, and those that its word took it off or put it on again.

    Not every mission that lists it: one that named another mission long ago is shown by none of the older lists, and
    what it says now changes nothing there.
    """
    unit = change.subject
    if change.fields is ALL:
        return sorted({*missions_of(book, unit), *(mission.subject for mission in book.referring(unit, "mission"))})
    record = book.record(unit, "unit")
    own = None if record is None else record.claim("mission")
    listing = {mission.subject: mission.claim("units") for mission in book.referring(unit, "mission")}
    found = {subject for subject, listed in listing.items() if _newer(listed, own) or _newer(listed, change.mission)}
    if record is not None and record.get("mission"):
        found.add(record.get("mission"))
    return sorted(found)


def mission_of(book: Book, unit: Record) -> str | None:
    """The one mission to show for a unit: the one it names, else the newest that lists it."""
    if unit.get("mission"):
        return str(unit.get("mission"))
    listing = [book.records[mission] for mission in missions_of(book, unit.subject)]
    if not listing:
        return None
    return max(listing, key=lambda mission: (mission.held["units"][1], mission.subject)).subject


def _listed(mission: Record, unit: Record | None) -> bool:
    if unit is None or unit.get("mission") == mission.subject:
        return True
    return _newer(mission.claim("units"), unit.claim("mission"))


def _newer(listing: Claim | None, own: Claim | None) -> bool:
    """Whether a list of units holds against a unit's own word."""
    return own is None or (listing is not None and listing > own)
