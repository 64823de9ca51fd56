"""The geometry of what an event draws: points, lines, areas, and the colours of it."""

import math
import re
from typing import Any

from msgspec import UNSET, UnsetType

from layers.cot import Event, Node
from layers.geo import ellipse_around, offset, ring_around
from layers.observation import Geometry
from server.feeds import DecodeError
from server.feeds.cot.xml import read_event

NOWHERE_DEG = 0.001
"""Nearer to 0/0 than this is no position: drones without a fix, routes, messages."""
MAX_RADIUS_M = 500_000.0
MAX_LINES = 100
_POLAR_DEG = 85.0


def number(written: str | None) -> float | None:
    """A finite number, None for anything else."""
    try:
        found = float(written if written is not None else "")
    except ValueError:
        return None
    return found + 0.0 if math.isfinite(found) and abs(found) < 1e12 else None


def point(event: Event) -> Geometry | UnsetType:
    """The event's own position; UNSET where it is none."""
    if abs(event.lat) < NOWHERE_DEG and abs(event.lon) < NOWHERE_DEG:
        return UNSET
    return {"type": "Point", "coordinates": [event.lon, event.lat]}


def vertices(event: Event, limit: int) -> list[list[float]]:
    """The positions of repeated links, `latitude,longitude[,height]`; what cannot be read is left out."""
    found = []
    for link in event.find("link"):
        parts = (link.get("point") or "").split(",")
        if len(parts) < 2:
            continue
        lat, lon = number(parts[0]), number(parts[1])
        if lat is not None and lon is not None and abs(lat) <= 90.0 and abs(lon) <= 180.0:
            found.append([lon, lat])
    return found[:limit]


def polyline(event: Event, limit: int) -> list[list[float]]:
    """The vertices of the first polyline of its shape, closed where it says so; fewer than two are none."""
    found: list[list[float]] = []
    for line in (one for shape in event.find("shape") for one in shape.find("polyline")):
        for vertex in line.find("vertex"):
            lat, lon = number(vertex.get("lat")), number(vertex.get("lon"))
            if lat is not None and lon is not None and abs(lat) <= 90.0 and abs(lon) <= 180.0:
                found.append([lon, lat])
        if len(found) >= 2:
            found = found[: limit - 1]
            is_closed = (line.get("closed") or "").strip().lower() in ("true", "1")
            return [*found, found[0]] if is_closed and found[0] != found[-1] else found
        found = []
    return found


def telestrated(event: Event, limit: int) -> list[list[list[float]]]:
    """The lines drawn by hand: each link of a telestration holds an event whole, as text."""
    found: list[list[list[float]]] = []
    written = [text for link in event.find("link") if (text := link.get("line"))]
    for text in written[:MAX_LINES]:
        try:
            line = vertices(read_event(text.encode("utf-8", "replace")), limit)
        except DecodeError:
            continue
        if len(line) >= 2:
            found.append(line)
            limit -= len(line)
    return found


def ellipse(event: Event) -> Node | None:
    """The first ellipse of its shape."""
    return next((one for shape in event.find("shape") for one in shape.find("ellipse")), None)


def drawn(event: Event, mark: str, limit: int) -> tuple[Geometry | UnsetType, dict[str, Any]]:
    """The geometry of a mark, and its measures. Falls back to the point where the shape cannot be drawn."""
    if mark in ("circle", "ellipse"):
        return _round(event)
    if mark == "range" and event.first("range") is not None:
        return _range(event)
    if (lines := telestrated(event, limit)) != []:
        one = {"type": "LineString", "coordinates": lines[0]}
        return one if len(lines) == 1 else {"type": "MultiLineString", "coordinates": lines}, {}
    corners = vertices(event, limit) if mark in ("freeform", "rectangle", "route") else []
    by_shape = [] if corners else polyline(event, limit)
    corners = corners or by_shape
    distinct = len({tuple(one) for one in corners})
    if mark == "rectangle" and distinct >= 3:
        closed = corners if corners[0] == corners[-1] else [*corners, corners[0]]
        return {"type": "Polygon", "coordinates": [closed]}, {}
    if distinct >= 3 and (mark == "freeform" or by_shape) and corners[0] == corners[-1]:
        return {"type": "Polygon", "coordinates": [corners]}, {}
    if distinct >= 2:
        return {"type": "LineString", "coordinates": corners}, {}
    return point(event), {}


def _round(event: Event) -> tuple[Geometry | UnsetType, dict[str, Any]]:
    found, centre = ellipse(event), point(event)
    major = number(found.get("major")) if found is not None else None
    minor = number(found.get("minor")) if found is not None else None
    angle = number(found.get("angle")) if found is not None else None
    if major is None or minor is None or not 0 < minor <= MAX_RADIUS_M or not 0 < major <= MAX_RADIUS_M:
        return centre, {}
    measures: dict[str, Any] = {"major_m": major, "minor_m": minor, "angle_deg": (angle or 0.0) % 360.0}
    if major == minor:
        measures = {"radius_m": major}
    reach_deg = math.degrees(major / 6_000_000.0) / math.cos(math.radians(min(abs(event.lat), 89.0)))
    if centre is UNSET or abs(event.lat) > _POLAR_DEG or abs(event.lon) + reach_deg > 180.0:
        return centre, measures
    if major == minor:
        ring = ring_around(event.lon, event.lat, major)
    else:
        ring = ellipse_around(event.lon, event.lat, major, minor, measures["angle_deg"])
    return {"type": "Polygon", "coordinates": [ring]}, measures


def _range(event: Event) -> tuple[Geometry | UnsetType, dict[str, Any]]:
    far, direction, start = number(event.value("range", "value")), number(event.value("bearing", "value")), point(event)
    if far is None or direction is None or not 0 < far <= MAX_RADIUS_M or start is UNSET:
        return start, {}
    angle = math.radians(direction)
    lon, lat = offset(event.lon, event.lat, far * math.sin(angle), far * math.cos(angle))
    line = {"type": "LineString", "coordinates": [[event.lon, event.lat], [round(lon, 7), round(lat, 7)]]}
    return line, {"range_m": far, "bearing_deg": direction % 360.0}


def colour(event: Event, *tags: str) -> str | UnsetType:
    """`#rrggbb` of the first of the elements that holds a colour: a signed number of 32 bits, alpha first."""
    for tag in tags:
        written = event.value(tag, "value") or event.value(tag, "argb") or ""
        if re.fullmatch(r"-?\d{1,10}", written, re.ASCII):
            return f"#{int(written) & 0xFFFFFF:06x}"
    return UNSET
