"""Routes and water as the server and the commands ask for them: the operator's vehicles, answers as plain data."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from layers.geo import is_valid
from server.base.base import Base
from server.base.hoses import Source
from server.base.routing import Avoid, NoWay, Route, Router
from server.base.streets import streets
from server.base.vehicles import VEHICLES, Vehicle

MAX_AREAS = 50
MAX_VERTICES = 2_000


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
    found = []
    for number, part in enumerate(parts, 1):
        is_feature = isinstance(part, dict) and part.get("type") == "Feature"
        geometry = part.get("geometry") if is_feature else part
        properties = part.get("properties") if is_feature else None
        said = properties if isinstance(properties, dict) else {}
        if not is_valid(geometry, MAX_VERTICES):
            raise BadArea(f"area {number} is no GeoJSON geometry in WGS84 with at most {MAX_VERTICES} positions")
        name = said.get("name")
        found.append(Avoid(name[:100] if isinstance(name, str) else str(number), geometry, said.get("slow") is True))
    return found
