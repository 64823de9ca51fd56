"""What the part `addresses` writes: which lines are one street, where it lies, its houses and crossings, all names.

Two streets of one name in two districts are two streets; the pieces of one are what lies within `GAP_M` of each other.
Coordinates are degrees in the tables; distances are taken on a plane (`addresses.Plane`).
"""

import itertools
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any

import numpy
import shapely
from shapely.geometry.base import BaseGeometry

from server.base.address_ground import (
    PLACE_RADIUS_M,
    Area,
    Plane,
    Regions,
    extent_m,
    inner,
    middle,
    most,
    on_plane,
    together,
    town,
)
from server.base.address_text import key, words
from server.base.addresses import Addresses, HouseAt, Object
from server.base.build import Output

GAP_M = 300.0
"""Pieces of one name farther apart are different streets."""
REACH_M = 1500.0
"""A house belongs to a street of its name at most so far away."""
TWIN_M = 150.0
"""Two objects of one name nearer than this are one."""
DETAIL_DEG = 0.00001
"""How far the kept line of a street may lie from the mapped one: about a metre."""

SCHEMA = """
CREATE TABLE address_streets (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL, kind TEXT NOT NULL, city TEXT, district TEXT, postcode TEXT,
    postcodes TEXT NOT NULL, places TEXT NOT NULL, lon REAL NOT NULL, lat REAL NOT NULL, radius_m REAL NOT NULL,
    shape BLOB NOT NULL
) STRICT;
CREATE TABLE address_houses (
    id INTEGER PRIMARY KEY, street INTEGER NOT NULL, number INTEGER NOT NULL, letter TEXT NOT NULL, last INTEGER,
    label TEXT NOT NULL, lon REAL NOT NULL, lat REAL NOT NULL, postcode TEXT, guessed INTEGER NOT NULL
) STRICT;
CREATE TABLE address_objects (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL, kind TEXT NOT NULL, address TEXT, city TEXT, places TEXT NOT NULL,
    lon REAL NOT NULL, lat REAL NOT NULL, radius_m REAL NOT NULL
) STRICT;
CREATE TABLE address_places (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL, kind TEXT NOT NULL, lon REAL NOT NULL, lat REAL NOT NULL,
    radius_m REAL NOT NULL, places TEXT NOT NULL
) STRICT;
CREATE TABLE address_crossings (
    one INTEGER NOT NULL, other INTEGER NOT NULL, lon REAL NOT NULL, lat REAL NOT NULL
) STRICT;
CREATE TABLE address_names (form TEXT NOT NULL, kind INTEGER NOT NULL, target INTEGER NOT NULL, weight REAL NOT NULL,
    name TEXT NOT NULL, words TEXT NOT NULL) STRICT;
CREATE VIRTUAL TABLE address_houses_box USING rtree (id, west, east, south, north);
CREATE VIRTUAL TABLE address_streets_box USING rtree (id, west, east, south, north);
"""
INDEXES = """
CREATE INDEX address_houses_street ON address_houses (street, number);
CREATE INDEX address_crossings_one ON address_crossings (one, other);
"""
STREET, OBJECT, PLACE = 0, 1, 2
"""Kinds of names."""


@dataclass(slots=True)
class Street:
    """One street: lines and houses of one name that lie together."""

    names: tuple[str, ...]
    kind: str
    shapes: list[BaseGeometry] = field(default_factory=list)
    houses: list[HouseAt] = field(default_factory=list)

    @property
    def shape(self) -> BaseGeometry:
        """Its lines as one shape; of a street without any, its houses."""
        shapes = self.shapes or [shapely.points(house.lon, house.lat) for house in self.houses]
        return shapes[0] if len(shapes) == 1 else shapely.geometrycollections(shapes)


def write(gathered: Addresses, out: Output) -> dict[str, int]:
    """Write every table; what was written, counted."""
    plane = Plane((out.bbox[1] + out.bbox[3]) / 2)
    for line in SCHEMA.split(";"):
        out.db.execute(line)
    streets, of_line = _streets(gathered, plane)
    out.tell(0.3)
    _settle_houses(streets, gathered, plane, out)
    out.tell(0.5)
    regions = Regions(gathered.areas, plane)
    names: list[tuple[str, int, int, float, str]] = []
    counts = _write_streets(streets, regions, names, out)
    counts["crossings"] = _write_crossings(gathered, of_line, out)
    out.tell(0.8)
    counts["objects"] = _write_objects(gathered.objects, regions, names, plane, out)
    counts["places"] = _write_places(gathered.areas, regions, names, plane, out)
    forms = sorted({(*entry, " ".join(words(entry[4]))) for entry in names if entry[0]})
    out.db.executemany("INSERT INTO address_names VALUES (?,?,?,?,?,?)", forms)
    for line in INDEXES.split(";"):
        out.db.execute(line)
    counts["names"] = len(forms)
    return counts


# -- which lines are one street ------------------------------------------------------------------------------------


def _streets(gathered: Addresses, plane: Plane) -> tuple[list[Street], list[int]]:
    """The streets, and for each line the index of its street."""
    by_key: dict[str, list[int]] = defaultdict(list)
    for index, line in enumerate(gathered.lines):
        by_key[key(line.names[0])].append(index)
    of_line = [-1] * len(gathered.lines)
    streets: list[Street] = []
    for form in sorted(by_key):
        if not form:
            continue
        indexes = by_key[form]
        shapes = [gathered.lines[index].shape for index in indexes]
        for group in together(shapes, plane, GAP_M):
            names = dict.fromkeys(name for member in group for name in gathered.lines[indexes[member]].names)
            street = Street(tuple(names), gathered.lines[indexes[group[0]]].kind)
            for member in group:
                of_line[indexes[member]] = len(streets)
                street.shapes.append(shapes[member])
            streets.append(street)
    return streets, of_line


def _settle_houses(streets: list[Street], gathered: Addresses, plane: Plane, out: Output) -> None:
    """Give each house to the nearest street of its name; houses of a name that no line has are a street themselves."""
    known: dict[str, list[int]] = defaultdict(list)
    for index, street in enumerate(streets):
        for name in street.names:
            known[key(name)].append(index)
    waiting: dict[str, list[HouseAt]] = defaultdict(list)
    for house in gathered.houses:
        form = key(house.street or house.place or "")
        if form:
            waiting[form].append(house)
        else:
            out.problems.counts["houses_without_street"] += 1
    for wanted in sorted(waiting):
        houses = waiting[wanted]
        points = on_plane([shapely.points(house.lon, house.lat) for house in houses], plane)
        candidates = sorted(set(known.get(wanted, ())))
        left = list(range(len(houses)))
        if candidates:
            lines = [on_plane([streets[index].shape], plane)[0] for index in candidates]
            distances = numpy.array([shapely.distance(line, points) for line in lines])
            nearest = distances.argmin(axis=0)
            reached = distances.min(axis=0) <= REACH_M
            for number in numpy.flatnonzero(reached).tolist():
                streets[candidates[nearest[number]]].houses.append(houses[number])
            left = numpy.flatnonzero(~reached).tolist()
        rest = [houses[number] for number in left]
        shapes = [shapely.points(house.lon, house.lat) for house in rest]
        for group in together(shapes, plane, GAP_M) if rest else ():
            first = rest[group[0]]
            kind = "street" if first.street else "place"
            streets.append(Street((str(first.street or first.place),), kind, [], [rest[member] for member in group]))


def _write_streets(
    streets: list[Street], regions: Regions, names: list[tuple[str, int, int, float, str]], out: Output
) -> dict[str, int]:
    rows, boxes, houses = [], [], []
    for number, street in enumerate(streets, 1):
        shape = street.shape
        point = _on(shape)
        around = regions.around(point.x, point.y)
        city = most(house.city for house in street.houses) or town(around)
        district = most(house.district for house in street.houses) or inner(around, city)
        codes = Counter(house.postcode for house in street.houses if house.postcode)
        codes.update(area.postcode for area in around if area.postcode and not codes)
        places = dict.fromkeys(key(name) for area in around for name in area.names)
        places |= dict.fromkeys(key(name) for name in (city, district) if name)
        places |= dict.fromkeys(key(str(h.city)) for h in street.houses if h.city)
        rows.append(
            (
                *(number, street.names[0], street.kind, city, district, most(codes.elements())),
                *(" ".join(sorted(codes)), " ".join(form for form in places if form), point.x, point.y),
                *(round(extent_m(shape), 1), shapely.to_wkb(shapely.simplify(shape, DETAIL_DEG))),
            )
        )
        boxes.append((number, *_box(shape)))
        for position, name in enumerate(street.names):
            names.append((key(name), STREET, number, 1.0 if position == 0 else 0.97, name))
        houses += _houses(number, street.houses)
    out.db.executemany("INSERT INTO address_streets VALUES (?,?,?,?,?,?,?,?,?,?,?,?)", rows)
    out.db.executemany("INSERT INTO address_streets_box VALUES (?,?,?,?,?)", boxes)
    out.db.executemany(
        "INSERT INTO address_houses VALUES (?,?,?,?,?,?,?,?,?,?)",
        ((number, *row) for number, row in enumerate(houses, 1)),
    )
    out.db.execute("INSERT INTO address_houses_box SELECT id, lon, lon, lat, lat FROM address_houses")
    return {"streets": len(rows), "houses": len(houses)}


def _houses(street: int, houses: list[HouseAt]) -> list[tuple[Any, ...]]:
    """One row per house number: of several at one number, the best."""
    best: dict[str, HouseAt] = {}
    for house in houses:
        known = best.get(house.number.label)
        if known is None or house.rank < known.rank:
            best[house.number.label] = house
    order = sorted(best.values(), key=lambda house: (house.number.number, house.number.label))
    return [
        (
            *(street, house.number.number, house.number.letter, house.number.last, house.number.label),
            *(round(house.lon, 7), round(house.lat, 7), house.postcode, int(house.guessed)),
        )
        for house in order
    ]


def _on(shape: BaseGeometry) -> Any:
    """The point of a shape that is nearest to its middle."""
    if shape.geom_type.endswith("Polygon"):
        return middle(shape)
    return shapely.get_point(shapely.shortest_line(shape, shape.centroid), 0)


def _box(shape: BaseGeometry) -> tuple[float, float, float, float]:
    west, south, east, north = shape.bounds
    return west, east, south, north


def _write_crossings(gathered: Addresses, of_line: list[int], out: Output) -> int:
    """Nodes that two streets share; of several near each other all, they are told apart by distance when asked."""
    refs = numpy.frombuffer(gathered.refs, dtype=numpy.int64) if gathered.refs else numpy.zeros(0, numpy.int64)
    nodes, owners, places = [], [], []
    for line, owner in zip(gathered.lines, of_line, strict=True):
        if owner >= 0 and line.count and line.shape.geom_type == "LineString":
            nodes.append(refs[line.first : line.first + line.count])
            owners.append(numpy.full(line.count, owner))
            places.append(shapely.get_coordinates(line.shape))
    if not nodes:
        return 0
    node, street, place = numpy.concatenate(nodes), numpy.concatenate(owners), numpy.concatenate(places)
    order = numpy.lexsort((street, node))
    node, street, place = node[order], street[order], place[order]
    starts = numpy.flatnonzero(numpy.r_[True, node[1:] != node[:-1], True])
    rows: set[tuple[int, int, float, float]] = set()
    # A street that is also a numbered road is no crossing with itself.
    pairs = itertools.pairwise(zip(gathered.lines, of_line, strict=True))
    same = {(one[1], two[1]) for one, two in pairs if one[0].first == two[0].first and one[0].count}
    for start, end in zip(starts[:-1].tolist(), starts[1:].tolist(), strict=True):
        if end - start > 1:
            met = sorted(set(street[start:end].tolist()))
            lon, lat = (round(float(value), 7) for value in place[start])
            rows.update(
                (one + 1, other + 1, lon, lat)
                for one in met
                for other in met
                if one != other and (one, other) not in same and (other, one) not in same
            )
    out.db.executemany("INSERT INTO address_crossings VALUES (?,?,?,?)", sorted(rows))
    return len(rows) // 2


def _write_objects(
    objects: list[Object], regions: Regions, names: list[tuple[str, int, int, float, str]], plane: Plane, out: Output
) -> int:
    rows: list[tuple[Any, ...]] = []
    by_key: dict[str, list[Object]] = defaultdict(list)
    for item in objects:
        by_key[key(item.names[0])].append(item)
    for form in sorted(by_key):
        kept: list[Object] = []
        for item in sorted(by_key[form], key=lambda item: -item.radius_m):
            if form and all(_apart_m(item, other, plane) > TWIN_M for other in kept):
                kept.append(item)
        for item in kept:
            number = len(rows) + 1
            around = regions.around(item.lon, item.lat)
            places = dict.fromkeys(key(name) for area in around for name in area.names)
            places |= {key(item.city): None} if item.city else {}
            address = " ".join(part for part in (item.street, item.number) if part) or None
            city = item.city or town(around)
            rows.append(
                (
                    *(number, item.names[0], item.kind, address, city, " ".join(filter(None, places))),
                    *(round(item.lon, 7), round(item.lat, 7), round(item.radius_m, 1)),
                )
            )
            names += [(key(name), OBJECT, number, 1.0 if at == 0 else 0.97, name) for at, name in enumerate(item.names)]
            names += [(key(name), OBJECT, number, 0.8, name) for name in item.aliases if key(name)]
    out.db.executemany("INSERT INTO address_objects VALUES (?,?,?,?,?,?,?,?,?)", rows)
    return len(rows)


def _apart_m(one: Object, other: Object, plane: Plane) -> float:
    east, north = (one.lon - other.lon) * plane.lon_m, (one.lat - other.lat) * plane.lat_m
    return float((east * east + north * north) ** 0.5)


def _write_places(
    areas: list[Area], regions: Regions, names: list[tuple[str, int, int, float, str]], plane: Plane, out: Output
) -> int:
    """Each place once: a point before an outline (it is the middle of the place, not of its land), else the outline."""
    rows: list[tuple[Any, ...]] = []
    taken: dict[str, list[tuple[float, float]]] = defaultdict(list)
    named = [area for area in areas if area.names]
    for area in sorted(named, key=lambda area: (area.shape.geom_type != "Point", area.names[0])):
        point = middle(area.shape)
        radius = PLACE_RADIUS_M.get(area.kind, 0.0) if area.shape.geom_type == "Point" else extent_m(area.shape)
        form = key(area.names[0])
        here = (point.x * plane.lon_m, point.y * plane.lat_m)
        if not form or any(abs(here[0] - x) + abs(here[1] - y) < 5000.0 for x, y in taken[form]):
            continue
        taken[form].append(here)
        number = len(rows) + 1
        places = dict.fromkeys(key(name) for around in regions.around(point.x, point.y) for name in around.names)
        rows.append(
            (number, area.names[0], area.kind, point.x, point.y, round(radius, 1), " ".join(filter(None, places)))
        )
        names += [(key(name), PLACE, number, 1.0 if at == 0 else 0.97, name) for at, name in enumerate(area.names)]
    out.db.executemany("INSERT INTO address_places VALUES (?,?,?,?,?,?,?)", rows)
    return len(rows)
