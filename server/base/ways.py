"""Routes and water as the server and the commands ask for them: the operator's vehicles, answers as plain data."""

from collections.abc import Mapping, Sequence
from math import cos, radians
from typing import Any

import msgspec
import shapely

from layers.geo import as_shape, is_valid
from server.base.base import Base
from server.base.hoses import Source
from server.base.routing import Avoid, NoWay, Route, Router
from server.base.search import M_PER_DEG
from server.base.streets import streets
from server.base.vehicles import VEHICLES, Vehicle

MAX_AREAS = 50
MAX_VERTICES = 2_000
MAX_M2 = 100_000_000.0
"""Of the boxes around all areas together: every road in them is looked at, for every area."""


class BadArea(ValueError):
    """What is to be avoided is no area that we understand; the message says why."""


class Ways:
    """Reader for `Base.get`: the router of base data with the vehicles of the settings. Keep one and reuse it."""

    def __init__(self, vehicles: Mapping[str, Vehicle] | None = None, against_oneways: bool = False) -> None:
        self.profiles: dict[str, Vehicle] = {**VEHICLES, **(vehicles or {})}
        self._against = against_oneways

    def __call__(self, base: Base) -> Router:
        """The router. Raises GraphError."""
        return Router(base.get(streets), self.profiles, self._against)


def route_json(found: Route | NoWay, lang: str = "de") -> dict[str, Any]:
    """A route, or why there is none, as plain data."""
    if isinstance(found, NoWay):
        return {"route": None, "reason": found.reason, "detail": found.detail}
    told: dict[str, Any] = {
        name: getattr(found, name)
        for name in (
            *("profile", "length_m", "duration_s", "start_off_m", "walk_m", "limits", "uncertain"),
            *("avoided", "passes", "detour_s", "class_s", "geometry"),
        )
    }
    told["steps"] = [{**msgspec.to_builtins(step), "text": step.text(lang)} for step in found.steps]
    return {"route": told}


def water_json(found: Sequence[Source]) -> list[dict[str, Any]]:
    """Water as plain data, without what nobody tagged."""
    rows = (msgspec.to_builtins(source) for source in found)
    return [{name: value for name, value in row.items() if value is not None} for row in rows]


def areas_of(document: Any) -> list[Avoid]:
    """What is to be avoided, from GeoJSON: a geometry, a Feature or a FeatureCollection.

    `name` and `slow` are properties. Raises BadArea.
    """
    features = document.get("features") if isinstance(document, dict) else None
    parts = features if isinstance(features, list) else [document]
    if len(parts) > MAX_AREAS:
        raise BadArea(f"at most {MAX_AREAS} areas can be avoided at once")
    found, boxes_m2 = [], 0.0
    for number, part in enumerate(parts, 1):
        is_feature = isinstance(part, dict) and part.get("type") == "Feature"
        geometry = part.get("geometry") if is_feature else part
        properties = part.get("properties") if is_feature else None
        said = properties if isinstance(properties, dict) else {}
        if not is_valid(geometry, MAX_VERTICES):
            raise BadArea(f"area {number} is no GeoJSON geometry in WGS84 with at most {MAX_VERTICES} positions")
        boxes_m2 += _box_m2(geometry)
        if boxes_m2 > MAX_M2:
            raise BadArea(f"areas of at most {MAX_M2 / 1e6:g} km² together can be avoided")
        name = said.get("name")
        found.append(Avoid(name[:100] if isinstance(name, str) else str(number), geometry, said.get("slow") is True))
    return found


def _box_m2(geometry: dict[str, Any]) -> float:
    """Square metres of the box around a geometry that has an area; 0 for points and lines, which touch few roads."""
    shape = as_shape(geometry)
    if shapely.get_dimensions(shape) < 2:
        return 0.0
    west, south, east, north = shape.bounds
    return float((east - west) * cos(radians((south + north) / 2)) * (north - south)) * M_PER_DEG**2
