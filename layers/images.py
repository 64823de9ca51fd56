"""Images of the ground, drawn in layer drones: where the camera was, and which ground the picture shows."""

from collections.abc import Iterable

from layers.book import Book, Change
from layers.draw import Properties, common, feature, flat, values
from layers.geo import area_m2
from layers.records import GEOMETRY, Record
from layers.wire import Feature

KINDS = frozenset({"image"})
LISTENS = KINDS
_TOLD = (
    *("name", "media", "media_type", "url", "thumbnail_url", "view", "camera", "drone", "taken_at", "width_px"),
    *("height_px", "footprint_source", "truncated", "centre", "heading_deg", "pitch_deg", "roll_deg", "height_m"),
    *("height_source", "altitude_m", "focal_px", "gsd_m", "rtk"),
)


def affected(change: Change, book: Book) -> Iterable[str]:  # noqa: ARG001  (every layer's signature)
    """The image itself."""
    return (change.subject,)


def draw(subject: str, book: Book) -> list[Feature]:
    """The camera's position (nowhere, where it is not known), and the footprint where there is one."""
    record = book.records[subject]
    drawn = [feature(subject, flat(record.get(GEOMETRY)), _properties(book, record, "image"))]
    footprint = record.get("footprint")
    if footprint is not None:
        properties = _properties(book, record, "footprint")
        properties["image"] = subject
        drawn.append(feature(f"{subject}#footprint", footprint, properties))
    return drawn


def _properties(book: Book, record: Record, part: str) -> Properties:
    footprint = record.get("footprint")
    properties = common(book, record, "drones", part, record.get("name") or record.get("camera"))
    properties.update(values(record, *_TOLD), area_m2=None if footprint is None else round(area_m2(footprint), 1))
    return properties
