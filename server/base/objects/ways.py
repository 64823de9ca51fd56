"""Own closures for the router, own hydrants for the hoses: each told by name only to who may see its layer."""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from layers.geo import ring_around
from server.base.hoses import Hoses, Hung
from server.base.objects.library import Objects
from server.base.objects.settings import ObjectSettings
from server.base.objects.store import Stored
from server.base.routing import Avoid

POINT_M = 8.0
"""A closure that is told as a point closes the street around it."""
MOST = 300
NAMELESS = "Sperrung"
"""What somebody is told of a closure that is not for him: an engine drives around it all the same."""


def may_name(one: ObjectSettings, role: str | None) -> bool:
    """May objects of the layer be told to the role wherever they are? None: to everybody who sees a picture."""
    if role is None:
        return one.is_open
    return role in one.audience and (not one.mission_only or role == "control")


def closures(objects: Objects, now: datetime, role: str | None) -> list[Avoid]:
    """What is closed now, at most `MOST`; for a role, or (None) to be told to everybody."""
    found = []
    for _, one, rows in objects.of_kind("closure"):
        for stored in rows:
            own = stored.own
            begins, ends = (None if at is None else datetime.fromisoformat(at) for at in (own.valid_from, own.valid_to))
            if (begins is not None and now < begins) or (ends is not None and now >= ends):
                continue
            found += [Avoid(own.title if may_name(one, role) else NAMELESS, part) for part in _parts(own.geometry)]
            if len(found) >= MOST:
                return found[:MOST]
    return found


def _parts(geometry: dict[str, Any]) -> list[dict[str, Any]]:
    if geometry["type"] not in ("Point", "MultiPoint"):
        return [geometry]
    points = [geometry["coordinates"]] if geometry["type"] == "Point" else geometry["coordinates"]
    return [{"type": "Polygon", "coordinates": [ring_around(lon, lat, POINT_M, 12)]} for lon, lat in points]


class OwnWater:
    """Own hydrants hung onto the streets, once for each state of a layer."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects
        self._known: dict[str, tuple[Hoses, Sequence[Stored], Hung]] = {}

    def hung(self, hoses: Hoses, role: str | None) -> list[Hung]:
        """The hydrants that may be told to a role, or (None) to everybody who sees a picture."""
        found = []
        for name, one, rows in self._objects.of_kind("hydrant"):
            if not may_name(one, role):
                continue
            known = self._known.get(name)
            if known is None or known[0] is not hoses or known[1] is not rows:
                known = self._known[name] = (hoses, rows, hoses.hang(_points(name, one, rows)))
            found.append(known[2])
        return found

    def version(self) -> str:
        """Changes when hydrants do that everybody may see."""
        told = [
            (name, [stored.own.key for stored in rows])
            for name, one, rows in self._objects.of_kind("hydrant")
            if may_name(one, None)
        ]
        return hashlib.sha256(repr(told).encode()).hexdigest()[:8] if told else ""


def _points(name: str, one: ObjectSettings, rows: Sequence[Stored]) -> list[dict[str, Any]]:
    """Rows as the hoses know them."""
    return [
        {
            "id": f"own/{name}/{stored.own.key}",
            "kind": stored.own.hydrant or "hydrant",
            "ref": stored.own.ref or None,
            "name": one.title,
            "source": one.title,
            "diameter_mm": stored.own.diameter_mm,
            "flow_lpm": stored.own.flow_lpm,
            "pressure_bar": stored.own.pressure_bar,
            "lon_deg": stored.own.geometry["coordinates"][0],
            "lat_deg": stored.own.geometry["coordinates"][1],
        }
        for stored in rows
        if stored.own.geometry["type"] == "Point"
    ]
