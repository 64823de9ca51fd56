"""Layer marks: what people in the field mark on their maps, and their calls for help."""

from collections.abc import Iterable

from layers.book import Book, Change
from layers.draw import common, feature, flat, listed, plain, values
from layers.records import GEOMETRY
from layers.wire import Feature

KINDS = frozenset({"mark"})
LISTENS = KINDS

CALLS = frozenset({"emergency", "casevac"})
"""Marks that are calls for help."""
_TOLD = (
    *("mark", "name", "text", "cot_type", "affiliation", "dimension", "how", "icon", "color", "fill", "radius_m"),
    *("major_m", "minor_m", "angle_deg", "range_m", "bearing_deg", "fov_deg", "heading_deg", "speed_mps", "hae_m"),
    *("fence", "emergency", "parent", "creator"),
)


def affected(change: Change, book: Book) -> Iterable[str]:  # noqa: ARG001  (every layer's signature)
    """The mark itself."""
    return (change.subject,)


def draw(subject: str, book: Book) -> list[Feature]:
    """The mark as it was drawn; nowhere without a position."""
    record = book.records[subject]
    properties = common(book, record, "marks", "mark", record.get("name") or record.get("mark"))
    properties.update(values(record, *_TOLD), archive=bool(record.get("archive")), **listed(record, "waypoints"))
    return [feature(subject, flat(plain(record.get(GEOMETRY))), properties)]


def urgent(before: Feature | None, after: Feature) -> bool:
    """A new call for help."""
    return before is None and after["properties"]["mark"] in CALLS
