"""Layer drones: where they are, where they were and will be, and what they film."""

from collections.abc import Iterable
from typing import Any

from layers.book import Book, Change
from layers.draw import coarse_expiry, common, feature, flat, listed, only, plain, stale_at, stamp, values
from layers.observation import Geometry
from layers.records import GEOMETRY, Record
from layers.wire import Feature

KINDS = frozenset({"drone"})
LISTENS = KINDS
DECIMALS = 6
"""Of the coordinates of a track: a tenth of a metre, less than a drone knows of itself."""


def affected(change: Change, book: Book) -> Iterable[str]:  # noqa: ARG001  (every layer's signature)
    """The drone itself."""
    return (change.subject,)


def draw(subject: str, book: Book) -> list[Feature]:
    """The drone, its track, its planned path and its fences."""
    record = book.records[subject]
    drawn = [_drone(book, record)]
    if len(record.history) > 1:
        drawn.append(_memo(book, record, "track", record.history[-1][0], _track))
    if record.get("path") is not None and len(record.get("path")) > 1:
        drawn.append(_memo(book, record, "path", record.claim("path"), _path))
    fences = range(1, len(record.get("fences") or ()) + 1)
    drawn.extend(_memo(book, record, f"fence-{number}", record.claim("fences"), _fence) for number in fences)
    return drawn


def _memo(book: Book, record: Record, part: str, claim: Any, build: Any) -> Feature:
    """A part that changes seldom is built once for its claim: positions come often."""
    key = (claim, coarse_expiry(book, record), record.get("name"))
    known = record.memo.get(part)
    if known is None or known[0] != key:
        known = record.memo[part] = (key, build(book, record, part))
    built: Feature = known[1]
    return built


def height_m(geometry: Geometry | None) -> float | None:
    """Metres above ground: the third coordinate."""
    if geometry is None or geometry["type"] != "Point" or len(geometry["coordinates"]) < 3:
        return None
    return float(geometry["coordinates"][2])


def _drone(book: Book, record: Record) -> Feature:
    properties = common(book, record, "drones", "drone", record.get("name"), times=(GEOMETRY,))
    properties.update(
        values(
            record,
            *("name", "heading_deg", "ground_speed_mps", "vertical_speed_mps", "flight_status", "recording", "armed"),
            *("battery_pct", "next_waypoint", "home", "altitude_m", "registration", "aircraft_type"),
            *("remark", "operator_id", "operator_place"),
        ),
        height_m=height_m(record.get(GEOMETRY)),
        **(values(record, "hae_m") if "hae_m" in record.held else {}),
        **listed(record, "media"),
    )
    return feature(record.subject, flat(record.get(GEOMETRY)), properties)


def _track(book: Book, record: Record, part: str) -> Feature:
    """Where it was: the first position of each step, oldest first."""
    first, last = record.history[0][0], record.history[-1][0]
    held = {GEOMETRY: (None, last)}
    expires_at = coarse_expiry(book, record)
    properties = common(book, record, "drones", part, record.get("name"), held=held, expires_at=expires_at)
    properties.update(drone=record.subject, from_at=stamp(first.observed_at), to_at=stamp(last.observed_at))
    line = [[round(lon, DECIMALS), round(lat, DECIMALS)] for _, (lon, lat) in record.history]
    return feature(f"{record.subject}#{part}", {"type": "LineString", "coordinates": line}, properties)


def _path(book: Book, record: Record, part: str) -> Feature:
    """Where it will be: the planned waypoints in the order of their numbers."""
    waypoints = sorted(record.get("path"), key=lambda waypoint: waypoint.number)
    expires_at = coarse_expiry(book, record)
    properties = common(
        book, record, "drones", part, record.get("name"), held=only(record, "path"), expires_at=expires_at
    )
    heights = [{"number": waypoint.number, "height_m": height_m(waypoint.geometry)} for waypoint in waypoints]
    properties.update(drone=record.subject, waypoints=heights, stale_at=_plan_stale_at(book, record, "path"))
    line = [list(waypoint.geometry["coordinates"][:2]) for waypoint in waypoints]
    return feature(f"{record.subject}#{part}", {"type": "LineString", "coordinates": line}, properties)


def _plan_stale_at(book: Book, record: Record, name: str) -> str:
    """A plan is not stale when the next position is missing."""
    claim = record.claim(name) or record.lead
    return stamp(stale_at(book, "drone_plan", claim.observed_at))


def _fence(book: Book, record: Record, part: str) -> Feature:
    """An area to stay in (`inclusion`) or out of."""
    fence = record.get("fences")[int(part.partition("-")[2]) - 1]
    expires_at = coarse_expiry(book, record)
    properties = common(
        book, record, "drones", part, record.get("name"), held=only(record, "fences"), expires_at=expires_at
    )
    properties.update(drone=record.subject, inclusion=fence.inclusion, stale_at=_plan_stale_at(book, record, "fences"))
    return feature(f"{record.subject}#{part}", plain(fence.geometry), properties)
