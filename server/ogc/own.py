"""The operator's own objects as collections: a layer each, `own_<name>`, with the facts that GET /objects tells.

Who may see a layer, and which of its objects, `server.base.objects.library` decides before anything comes here. Columns
are the same whatever is in a layer; further columns that the operator shows (`show`) begin with `shown_`.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

import msgspec

from server.base.objects.library import feature
from server.base.objects.settings import ObjectSettings
from server.base.objects.store import Stored
from server.ogc.columns import Properties
from server.ogc.live import KINDS, Table
from server.ogc.query import Query

PREFIX, SHOWN, DOT = "own_", "shown_", "."
"""`own_sperrungen.lines` are the lines of `own_sperrungen`; no name of a layer has a dot."""
TYPES: dict[str, str] = {
    **dict.fromkeys(("layer", "title", "kind", "purpose", "ref", "address", "note"), "string"),
    **dict.fromkeys(("valid_from", "valid_to"), "date-time"),
    "hydrant": "string",
    **dict.fromkeys(("diameter_mm", "flow_lpm", "volume_l"), "integer"),
    "pressure_bar": "number",
    **dict.fromkeys(("position", "couplings", "same_as"), "string"),
    "data_at": "date-time",
    **dict.fromkeys(("plan", "plans"), "string"),
}


class Layer(msgspec.Struct, frozen=True, kw_only=True):
    """A layer as it is to be told. `on_map`: by key, what the map knows of its hydrants."""

    name: str
    settings: ObjectSettings
    data_at: str | None
    on_map: Mapping[str, Mapping[str, Any]]
    objects_url: str
    """Where plans are: `<objects_url>/<name>/<key>/plans/<number>?<question>`."""
    question: str


def layer_of(collection: str) -> tuple[str, str | None]:
    """The layer of a collection, and the kind of geometry that it is of (`live.KINDS`), None for all."""
    name, _, kind = collection.removeprefix(PREFIX).partition(DOT)
    return name, kind or None


def kinds_of(types: Collection[str]) -> list[str]:
    """Kinds of geometry by which a layer with these types is given as well: none where there is one only."""
    found = [kind for kind, (wanted, *_) in KINDS.items() if not wanted.isdisjoint(types)]
    return found if len(found) > 1 else []


class OwnTable(Table):
    """Objects of one layer, sorted by id; of a large one only the rows of a page are made."""

    def __init__(self, layer: Layer, objects: Iterable[Stored], kind: str | None = None) -> None:
        self._layer = layer
        chosen = (one for one in objects if kind is None or one.own.geometry["type"] in KINDS[kind][0])
        self._objects = sorted(chosen, key=lambda stored: stored.own.key)
        self.types = {**TYPES, **{f"{SHOWN}{label}": "string" for label in layer.settings.show}}
        self.ids = [f"own:{layer.name}:{stored.own.key}" for stored in self._objects]
        self.geometries = [stored.own.geometry for stored in self._objects]
        self._shapes = None

    @property
    def geometry(self) -> str:
        """The GeoJSON type of all of them, `Geometry` where there are several."""
        kinds = {one["type"] for one in self.geometries}
        return kinds.pop() if len(kinds) == 1 else "Geometry"

    def row(self, at: int) -> Properties:
        """The columns of the object at a place."""
        return _row(self._objects[at], self._layer, self.types)

    def covers(self, query: Query, at: int) -> bool:
        """Whether the object holds at some moment of the time: from `valid_from` on, before `valid_to`."""
        own = self._objects[at].own
        begins, ends = (None if one is None else datetime.fromisoformat(one) for one in (own.valid_from, own.valid_to))
        is_begun = begins is None or query.end is None or begins <= query.end
        return is_begun and (ends is None or query.start is None or query.start < ends)


def plans(row: Properties) -> list[dict[str, Any]]:
    """The plans of a row: name, MIME type, pages and address."""
    found: list[dict[str, Any]] = msgspec.json.decode(row["plans"]) if row["plans"] else []
    return found


def _row(stored: Stored, layer: Layer, types: Mapping[str, str]) -> Properties:
    one = feature(layer.name, layer.settings, stored, layer.data_at, layer.on_map.get(stored.own.key))
    here = f"{layer.objects_url}/{layer.name}/{stored.own.key}/plans"
    found = [
        {"name": plan.name, "mime": plan.mime, "pages": plan.pages, "href": f"{here}/{number}?{layer.question}"}
        for number, plan in enumerate(stored.plans, 1)
    ]
    shown = {f"{SHOWN}{label}": value for label, value in stored.own.shown.items()}
    known = {**one["properties"], **shown, "layer": PREFIX + layer.name}
    known["plan"] = found[0]["href"] if found else None
    known["plans"] = msgspec.json.encode(found).decode() if found else None
    return {name: _number(known.get(name), kind) for name, kind in types.items()}


def _number(value: Any, kind: str) -> Any:
    return float(value) if kind == "number" and value is not None else value
