"""Own closures for the router, own hydrants for the hoses: each told by name only to who may see its layer."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from layers.geo import ring_around
from server.base.base import Base
from server.base.hoses import Hoses, Hung
from server.base.objects.library import Objects
from server.base.objects.same import MapWater, facts
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
        self._digests: dict[str, tuple[Sequence[Stored], str]] = {}
        self._known: dict[str, tuple[Hoses, Sequence[Stored], Hung]] = {}

    def hung(self, hoses: Hoses, role: str | None) -> list[Hung]:
        """The hydrants that may be told to a role, or (None) to everybody who sees a picture."""
        found = []
        for name, one, rows in self._hydrants():
            if not may_name(one, role):
                continue
            known = self._known.get(name)
            if known is None or known[0] is not hoses or known[1] is not rows:
                same = hoses.map_water.same(rows)
                points = _points(name, one, rows, {place: hoses.map_water.rows[row] for place, row in same.items()})
                numbers = {at: number for number, (at, _) in enumerate(points)}
                on_map = {numbers[at]: row for at, row in same.items()}
                known = self._known[name] = (hoses, rows, hoses.hang([point for _, point in points], on_map))
            found.append(known[2])
        return found

    def on_map(self, base: Base, role: str) -> dict[int, tuple[str, Stored]]:
        """By id of the map's water points, the own hydrant that each is, as far as the role may see it."""
        water, found = base.get(MapWater), dict[int, tuple[str, Stored]]()
        for name, one, rows in self._hydrants():
            if may_name(one, role):
                for place, row in water.same(rows).items():
                    found.setdefault(int(water.rows[row]["id"]), (name, rows[place]))
        return found

    def version(self) -> str:
        """Changes when hydrants do that everybody may see."""
        told = [(name, self._digest(name, rows)) for name, one, rows in self._hydrants() if may_name(one, None)]
        return hashlib.sha256(repr(told).encode()).hexdigest()[:8] if told else ""

    def _digest(self, name: str, rows: Sequence[Stored]) -> str:
        """Of what is told of them; worked out once for each state of a layer."""
        known = self._digests.get(name)
        if known is None or known[0] is not rows:
            body = msgspec.json.encode([stored.own for stored in rows])
            known = self._digests[name] = (rows, hashlib.sha256(body).hexdigest())
        return known[1]

    def _hydrants(self) -> Iterable[tuple[str, ObjectSettings, list[Stored]]]:
        return self._objects.of_kind("hydrant")


def _points(
    name: str, one: ObjectSettings, rows: Sequence[Stored], same: Mapping[int, Mapping[str, Any]]
) -> list[tuple[int, dict[str, Any]]]:
    """Rows as the hoses know them, with their places; `same`: what the map knows of them."""
    return [
        (
            place,
            {
                **facts(stored.own, same.get(place)),
                "id": f"own/{name}/{stored.own.key}",
                "name": one.title,
                "source": one.title,
                "lon_deg": stored.own.geometry["coordinates"][0],
                "lat_deg": stored.own.geometry["coordinates"][1],
            },
        )
        for place, stored in enumerate(rows)
        if stored.own.geometry["type"] == "Point"
    ]
