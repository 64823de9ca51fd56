"""The base data as collections: addresses, water, places, buildings from base.db, roads from the road graph.

Pages are read by id and, with a bbox, by the tables' own R*Trees; of a table never more than a page is in memory. The
road graph is in memory for routes anyway. Features have no time, so every time matches them (OGC 17-069r4, 7.15.4).
"""

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any, NamedTuple, Protocol

import numpy as np
import shapely
from numpy.typing import NDArray

from server.base.base import Base
from server.base.road_graph import RoadGraph
from server.base.road_rules import BRIDGE, CLASSES, ONLY_BACKWARD, ONLY_FORWARD, ROUNDABOUT, TUNNEL
from server.base.streets import streets
from server.ogc.pages import Page, fitted
from server.ogc.query import BadQuery, Box, Query

Feature = dict[str, Any]
Found = tuple[str, list[Any]]
"""A condition in SQL with its values."""


class Ground(Protocol):
    """A collection of base data."""

    @property
    def title(self) -> tuple[str, str]:
        """German and English."""

    @property
    def geometry(self) -> str:
        """GeoJSON type of its features."""

    @property
    def types(self) -> dict[str, str]:
        """Properties with their types (`columns`)."""

    def page(self, base: Base, query: Query) -> Page:
        """The features that are asked for. Raises BadQuery."""

    def find(self, base: Base, feature_id: str) -> Feature | None:
        """The feature with an id."""


class Points(NamedTuple):
    """A table of points. `names` are its columns as properties, each with its type."""

    title: tuple[str, str]
    table: str
    select: str
    lon: str
    lat: str
    types: dict[str, str]
    box: str | None = None
    """R*Tree over the table's ids."""
    geometry: str = "Point"

    def page(self, base: Base, query: Query) -> Page:
        """As Ground says."""
        where, values = self._where(query.boxes, _tree_of(base, self.box))
        matched = base.db.execute(f"SELECT count(*) FROM {self.table} t{where}", values).fetchone()[0]  # noqa: S608
        rows = base.db.execute(
            f"{self.select}{where or ' WHERE 1'} AND t.id > ? ORDER BY t.id LIMIT ?",
            [*values, _after(query), query.limit + 1],
        ).fetchall()
        return _page([self._feature(row) for row in rows], matched, query.limit)

    def find(self, base: Base, feature_id: str) -> Feature | None:
        """As Ground says."""
        row = base.db.execute(f"{self.select} WHERE t.id = ?", [_number(feature_id)]).fetchone()
        return None if row is None else self._feature(row)

    def _where(self, boxes: Sequence[Box], tree: str | None) -> Found:
        if not boxes:
            return "", []
        parts, values = [], []
        for west, south, east, north in boxes:
            parts.append(f"(t.{self.lon} BETWEEN ? AND ? AND t.{self.lat} BETWEEN ? AND ?)")
            values += [west, east, south, north]
        condition = f"({' OR '.join(parts)})"
        if tree is not None:
            inside, numbers = _in_tree(tree, boxes)
            return f" WHERE t.id IN ({inside}) AND {condition}", [*numbers, *values]
        return f" WHERE {condition}", values

    def _feature(self, row: Any) -> Feature:
        place = [row[self.lon], row[self.lat]]
        return {
            "type": "Feature",
            "id": row["id"],
            "geometry": {"type": "Point", "coordinates": place},
            "properties": {name: _typed(row[name], kind) for name, kind in self.types.items()},
        }


class Outlines(NamedTuple):
    """A table of areas or lines as WKB, with an R*Tree unless the base data is older than that."""

    title: tuple[str, str]
    table: str
    """Its name, or a query in brackets."""
    select: str
    wkb: str
    box: str
    types: dict[str, str]
    geometry: str = "MultiPolygon"

    def page(self, base: Base, query: Query) -> Page:
        """As Ground says."""
        if query.boxes:
            matched, rows = self._matched(base, query.boxes), self._within(base, query)
        else:
            matched = base.db.execute(f"SELECT count(*) FROM {self.table} t").fetchone()[0]  # noqa: S608
            rows = self._rows(base, "", [], query)
        return _page([self._feature(row) for row in islice(rows, query.limit + 1)], matched, query.limit)

    def find(self, base: Base, feature_id: str) -> Feature | None:
        """As Ground says."""
        row = base.db.execute(f"{self.select} WHERE t.id = ?", [_number(feature_id)]).fetchone()
        return None if row is None else self._feature(row)

    def _rows(self, base: Base, condition: str, values: list[Any], query: Query) -> Iterator[Any]:
        yield from base.db.execute(f"{self.select} WHERE t.id > ?{condition} ORDER BY t.id", [_after(query), *values])

    def _within(self, base: Base, query: Query) -> Iterator[Any]:
        inside, values = self._near(base, query.boxes)
        for row in self._rows(base, f" AND t.id IN ({inside})", values, query):
            if self._touches(row[self.wkb], query.boxes):
                yield row

    def _near(self, base: Base, boxes: Sequence[Box], whole: bool = False) -> Found:
        """As `_in_tree`; without a tree everything may touch, and nothing surely lies in one as a whole."""
        if _tree_of(base, self.box) is not None:
            return _in_tree(self.box, boxes, whole)
        return ("SELECT NULL WHERE 0" if whole else f"SELECT id FROM {self.table}"), []  # noqa: S608

    def _matched(self, base: Base, boxes: Sequence[Box]) -> int:
        """Those wholly inside by their boxes, and of those on the edge each that really touches."""
        inside, values = self._near(base, boxes)
        whole, edges = self._near(base, boxes, whole=True)
        sure = base.db.execute(f"SELECT count(*) FROM {self.table} t WHERE t.id IN ({whole})", edges).fetchone()[0]  # noqa: S608
        rest = base.db.execute(
            f"SELECT t.{self.wkb} FROM {self.table} t WHERE t.id IN ({inside}) AND t.id NOT IN ({whole})",  # noqa: S608
            [*values, *edges],
        )
        return int(sure) + sum(self._touches(row[0], boxes) for row in rest)

    def _touches(self, wkb: bytes, boxes: Sequence[Box]) -> bool:
        shape = shapely.from_wkb(wkb)
        return any(shapely.intersects(shape, shapely.box(*box)) for box in boxes)

    def _feature(self, row: Any) -> Feature:
        shape = shapely.from_wkb(row[self.wkb])
        return {
            "type": "Feature",
            "id": row["id"],
            "geometry": shapely.geometry.mapping(shape),
            "properties": {name: _typed(row[name], kind) for name, kind in self.types.items()},
        }


class Segments(NamedTuple):
    """The streets of the road graph, from junction to junction."""

    title: tuple[str, str]
    types: dict[str, str]
    geometry: str = "LineString"

    def page(self, base: Base, query: Query) -> Page:
        """As Ground says."""
        extent = base.get(Extents)
        chosen = extent.within(query.boxes) if query.boxes else np.arange(len(extent.graph.segment_way))
        rest = chosen[np.searchsorted(chosen, _after(query)) :][: query.limit + 1].tolist()
        return _page([_segment(extent.graph, at) for at in rest], len(chosen), query.limit)

    def find(self, base: Base, feature_id: str) -> Feature | None:
        """As Ground says."""
        graph, number = base.get(streets).graph, _number(feature_id)
        return _segment(graph, number - 1) if 0 < number <= len(graph.segment_way) else None


class Extents:
    """Reader for `Base.get`: the boxes of the road graph's segments."""

    def __init__(self, base: Base) -> None:
        self.graph = base.get(streets).graph
        starts = self.graph.segment_first[:-1]
        empty = np.zeros((0, 2))
        many = len(starts) > 0
        self._low = np.minimum.reduceat(self.graph.positions, starts, axis=0) if many else empty
        self._high = np.maximum.reduceat(self.graph.positions, starts, axis=0) if many else empty

    def within(self, boxes: Sequence[Box]) -> NDArray[np.int64]:
        """Places of the segments that touch one of the boxes, in order."""
        found = np.zeros(len(self._low), dtype=bool)
        for west, south, east, north in boxes:
            near = (self._low <= (east, north)).all(axis=1) & (self._high >= (west, south)).all(axis=1)
            whole = near & (self._low >= (west, south)).all(axis=1) & (self._high <= (east, north)).all(axis=1)
            edge = np.flatnonzero(near & ~whole)
            lines = [shapely.linestrings(self.graph.line(at)) for at in edge.tolist()]
            found |= whole
            found[edge] |= shapely.intersects(np.array(lines, dtype=object), shapely.box(west, south, east, north))
        return np.flatnonzero(found)


def _segment(graph: RoadGraph, at: int) -> Feature:
    flags = int(graph.segment_flags[at])
    return {
        "type": "Feature",
        "id": at + 1,
        "geometry": {"type": "LineString", "coordinates": graph.line(at).tolist()},
        "properties": {
            "layer": "base_roads",
            "name": graph.names[int(graph.segment_name[at])] or None,
            "ref": graph.names[int(graph.segment_ref[at])] or None,
            "class": CLASSES[int(graph.segment_class[at])],
            "osm_way": int(graph.segment_way[at]),
            "length_m": round(float(graph.segment_length_m[at]), 1),
            "oneway": bool(flags & (ONLY_FORWARD | ONLY_BACKWARD)),
            "roundabout": bool(flags & ROUNDABOUT),
            "bridge": bool(flags & BRIDGE),
            "tunnel": bool(flags & TUNNEL),
            "forward_kmh": _known(graph.segment_kmh[at][0]),
            "backward_kmh": _known(graph.segment_kmh[at][1]),
            "max_height_m": _known(graph.segment_max_height_m[at]),
            "max_weight_t": _known(graph.segment_max_weight_t[at]),
            "max_width_m": _known(graph.segment_max_width_m[at]),
            "width_m": _known(graph.segment_width_m[at]),
        },
    }


def _known(number: Any) -> float | None:
    return float(number) if np.isfinite(number) else None


def _typed(value: Any, kind: str) -> Any:
    return bool(value) if kind == "boolean" and value is not None else value


def _in_tree(tree: str, boxes: Sequence[Box], whole: bool = False) -> Found:
    """Ids of an R*Tree by boxes: those that touch one, or that lie in one as a whole. The tree rounds outwards."""
    condition = "west >= ? AND east <= ? AND south >= ? AND north <= ?"
    if not whole:
        condition = "east >= ? AND west <= ? AND north >= ? AND south <= ?"
    each = f"SELECT id FROM {tree} WHERE {condition}"  # noqa: S608
    values = [number for west, south, east, north in boxes for number in (west, east, south, north)]
    return " UNION ".join(each for _ in boxes), values


def _tree_of(base: Base, tree: str | None) -> str | None:
    """The R*Tree where the base data has it: older ones had none for every table."""
    if tree is None:
        return None
    return tree if base.db.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (tree,)).fetchone() else None


def _number(feature_id: str) -> int:
    return int(feature_id) if feature_id.isascii() and feature_id.isdigit() and len(feature_id) < 18 else -1


def _after(query: Query) -> int:
    if not query.after:
        return 0
    number = _number(query.after)
    if number < 0:
        raise BadQuery("after: as the link to the next page has it")
    return number


def _page(found: list[Feature], matched: int, limit: int) -> Page:
    features, number = fitted(found, limit)
    after = str(found[number - 1]["id"]) if number < len(found) else None
    return Page(features=features, matched=matched, after=after)


_OSM = "t.osm_type || '/' || t.osm_id AS osm"


def _open_water(what: str, title: tuple[str, str], wkb_type: int, geometry: str) -> Outlines:
    """Open water of one kind of geometry: a stream is there as its bed, as its line, or as both. WKB may be of either
    order of bytes.
    """
    codes = ", ".join(f"x'{wkb_type.to_bytes(4, order).hex()}'" for order in ("little", "big"))
    table = f"(SELECT * FROM water_bodies WHERE substr(wkb, 2, 4) IN ({codes}))"  # noqa: S608
    return Outlines(
        title=title,
        table=table,
        select=f"SELECT t.*, '{what}' AS layer, {_OSM} FROM {table} t",  # noqa: S608
        wkb="wkb",
        box="water_bodies_box",
        types=dict.fromkeys(("layer", "kind", "name", "osm"), "string"),
        geometry=geometry,
    )


GROUND: dict[str, Ground] = {
    "base_addresses": Points(
        title=("Adressen", "Addresses"),
        table="address_houses",
        select=(
            "SELECT t.id, t.lon, t.lat, 'base_addresses' AS layer, s.name AS street, t.label AS housenumber, "
            "coalesce(t.postcode, s.postcode) AS postcode, s.city, s.district, t.guessed "
            "FROM address_houses t JOIN address_streets s ON s.id = t.street"
        ),
        lon="lon",
        lat="lat",
        types={
            **dict.fromkeys(("layer", "street", "housenumber", "postcode", "city", "district"), "string"),
            "guessed": "boolean",
        },
        box="address_houses_box",
    ),
    "base_water_points": Points(
        title=("Wasserentnahmestellen", "Water points"),
        table="water_points",
        select=f"SELECT t.*, 'base_water_points' AS layer, {_OSM}, NULL AS own FROM water_points t",  # noqa: S608
        lon="lon_deg",
        lat="lat_deg",
        types={
            **dict.fromkeys(("layer", "kind", "ref", "position", "couplings", "osm", "own"), "string"),
            **dict.fromkeys(("diameter_mm", "flow_lpm", "volume_l"), "integer"),
            "pressure_bar": "number",
        },
        box="water_points_box",
    ),
    "base_open_water_lines": _open_water(
        "base_open_water_lines", ("Offenes Wasser (Linien)", "Open water (lines)"), 2, "LineString"
    ),
    "base_open_water_areas": _open_water(
        "base_open_water_areas", ("Offenes Wasser (Flächen)", "Open water (areas)"), 6, "MultiPolygon"
    ),
    "base_places": Points(
        title=("Wichtige Orte", "Places that matter"),
        table="places",
        select=f"SELECT t.*, 'base_places' AS layer, {_OSM} FROM places t",  # noqa: S608
        lon="lon_deg",
        lat="lat_deg",
        types=dict.fromkeys(("layer", "kind", "name", "ref", "tags", "osm"), "string"),
    ),
    "base_buildings": Outlines(
        title=("Gebäude der Karte", "Buildings of the map"),
        table="buildings",
        select=f"SELECT t.*, 'base_buildings' AS layer, {_OSM} FROM buildings t",  # noqa: S608
        wkb="outline",
        box="buildings_box",
        types={
            **dict.fromkeys(("layer", "kind", "use", "name"), "string"),
            **dict.fromkeys(("levels", "levels_below"), "integer"),
            "height_m": "number",
            **dict.fromkeys(("roof", "street", "housenumber", "postcode", "city", "osm"), "string"),
        },
    ),
    "base_roads": Segments(
        title=("Straßen und Wege", "Roads and paths"),
        types={
            **dict.fromkeys(("layer", "name", "ref", "class"), "string"),
            "osm_way": "integer",
            "length_m": "number",
            **dict.fromkeys(("oneway", "roundabout", "bridge", "tunnel"), "boolean"),
            **dict.fromkeys(
                ("forward_kmh", "backward_kmh", "max_height_m", "max_weight_t", "max_width_m", "width_m"), "number"
            ),
        },
    ),
}
