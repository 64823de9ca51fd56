"""Buildings: what they are used for, how high, how many levels above and below the ground, which roof.

Table `buildings` with the outline as WKB (WGS84), and an R*Tree `buildings_box` over it.
"""

import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

import shapely
from shapely.geometry import Point
from shapely.geometry.base import BaseGeometry

from server.base.base import Base
from server.base.build import Output, Part
from server.base.elements import Element
from server.base.places import kind_of, name_of

SITES = frozenset(
    {"fire_station", "ambulance_station", "hospital", "clinic", "police", "school", "kindergarten", "university"}
    | {"care_home", "prison"}
)
"""Places whose grounds say what the houses on them are for, where these do not say so themselves."""
LEVEL_M = 3.0
"""Height of one level where only levels are tagged (OSM wiki, "Simple 3D Buildings")."""
FOOT_M = 0.3048
USE, LAT, LON = 3, 13, 14
"""Columns of a row before it has its number."""
LONGEST_M = 1000.0
MOST_LEVELS = 200
_METRES = re.compile(r"^\s*(\d+(?:[.,]\d+)?)\s*(m|ft|')?\s*$")
_TABLE = """
CREATE TABLE buildings (
    id INTEGER PRIMARY KEY, osm_type TEXT NOT NULL, osm_id INTEGER NOT NULL, kind TEXT NOT NULL, use TEXT, name TEXT,
    levels INTEGER, levels_below INTEGER, height_m REAL, roof TEXT, street TEXT, housenumber TEXT, postcode TEXT,
    city TEXT, lat_deg REAL NOT NULL, lon_deg REAL NOT NULL, outline BLOB NOT NULL
) STRICT
"""


def metres(text: str | None) -> float | None:
    """A length as OSM writes it (`12`, `12.5 m`, `30 ft`, `12,5`); None where it is none or out of all bounds."""
    found = _METRES.match(text or "")
    if not found:
        return None
    value = float(found[1].replace(",", ".")) * (FOOT_M if found[2] in ("ft", "'") else 1.0)
    return round(value, 2) if 0 < value <= LONGEST_M else None


def levels(text: str | None) -> int | None:
    """A number of levels (`3`, `2.5`: rounded up); None where it is none."""
    found = re.match(r"^\s*(\d{1,3})([.,]\d+)?\s*$", text or "")
    if not found:
        return None
    value = int(found[1]) + (1 if found[2] and float("0" + found[2].replace(",", ".")) > 0 else 0)
    return value if value <= MOST_LEVELS else None


def height_m(tags: Mapping[str, str]) -> float | None:
    """Height as tagged, else from the levels of walls and roof; None where nothing is said."""
    tagged = metres(tags.get("height")) or metres(tags.get("building:height"))
    if tagged is not None:
        return tagged
    above = levels(tags.get("building:levels"))
    return None if above is None else (above + (levels(tags.get("roof:levels")) or 0)) * LEVEL_M


def use_of(tags: Mapping[str, str]) -> str | None:
    """What it is used for, where that is said: `building:use`, else what is in it, else what it was built as."""
    for key in ("building:use", "amenity", "shop", "office", "tourism", "craft", "industrial", "healthcare"):
        value = tags.get(key)
        if value and value != "no":
            return "shop" if key == "shop" else value
    kind = tags.get("building", "yes")
    return None if kind == "yes" else kind


class Buildings:
    """The part `buildings`."""

    name = "buildings"

    def __init__(self) -> None:
        self._rows: list[tuple[object, ...]] = []
        self._boxes: list[tuple[float, ...]] = []
        self._sites: list[tuple[BaseGeometry, str]] = []

    def wants(self, tags: Mapping[str, str]) -> bool:
        """Every building that stands, and the grounds of those in SITES."""
        return tags.get("building", "no") != "no" or kind_of(tags) in SITES

    def take(self, element: Element) -> None:
        """Keep a building with an outline, or the grounds."""
        if element.kind != "area" or element.geometry is None:
            return
        tags, shape = element.tags, element.geometry
        if tags.get("building", "no") == "no":
            if (use := use_of(tags)) is not None:
                self._sites.append((shape, use))
            return
        point = shapely.point_on_surface(shape)
        self._boxes.append(shape.bounds)
        self._rows.append(
            (
                element.osm_type,
                element.id,
                tags["building"],
                use_of(tags),
                name_of(tags),
                levels(tags.get("building:levels")),
                levels(tags.get("building:levels:underground")),
                height_m(tags),
                tags.get("roof:shape"),
                tags.get("addr:street") or tags.get("addr:place"),
                tags.get("addr:housenumber"),
                tags.get("addr:postcode"),
                tags.get("addr:city"),
                round(point.y, 7),
                round(point.x, 7),
                shapely.to_wkb(shape),
            )
        )

    def finish(self, out: Output) -> dict[str, int]:
        """Write table and index."""
        self._use_of_grounds()
        out.db.execute(_TABLE)
        out.db.execute("CREATE VIRTUAL TABLE buildings_box USING rtree(id, west, east, south, north)")
        for number, (row, (west, south, east, north)) in enumerate(zip(self._rows, self._boxes, strict=True), 1):
            out.db.execute("INSERT INTO buildings VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)", (number, *row))
            out.db.execute("INSERT INTO buildings_box VALUES (?,?,?,?,?)", (number, west, east, south, north))
        said = Counter[str](buildings=len(self._rows))
        for row in self._rows:
            said["with_levels"] += row[5] is not None
            said["with_height"] += row[7] is not None
            said["with_address"] += row[10] is not None
        return dict(said)

    def _use_of_grounds(self) -> None:
        """A house that does not say its use has that of the smallest grounds around it."""
        self._sites.sort(key=lambda site: -site[0].area)
        silent = [n for n, row in enumerate(self._rows) if row[USE] is None]
        if not silent or not self._sites:
            return
        places: Any = [(self._rows[n][LON], self._rows[n][LAT]) for n in silent]
        tree = shapely.STRtree([shape for shape, _ in self._sites])
        for at, site in sorted(tree.query(shapely.points(places), predicate="within").T.tolist()):
            row = self._rows[silent[at]]
            self._rows[silent[at]] = (*row[:USE], self._sites[site][1], *row[USE + 1 :])


def part() -> Part:
    """For `build.PARTS`."""
    return Buildings()


def at(base: Base, lat_deg: float, lon_deg: float) -> dict[str, object] | None:
    """The building at a position, without its outline; None where there is none."""
    here = Point(lon_deg, lat_deg)
    for row, outline in _near(base, lon_deg, lat_deg, lon_deg, lat_deg):
        if shapely.covers(outline, here):
            return row
    return None


def within(base: Base, west: float, south: float, east: float, north: float) -> list[dict[str, object]]:
    """The buildings that touch a box of degrees, ordered by id, each with its `outline` (shapely, WGS84)."""
    return [{**row, "outline": outline} for row, outline in _near(base, west, south, east, north)]


def _near(
    base: Base, west: float, south: float, east: float, north: float
) -> list[tuple[dict[str, object], BaseGeometry]]:
    rows = base.db.execute(
        "SELECT * FROM buildings WHERE id IN (SELECT id FROM buildings_box "
        "WHERE west <= ? AND east >= ? AND south <= ? AND north >= ?) ORDER BY id",
        (east, west, north, south),
    ).fetchall()
    found = []
    for row in rows:
        told = dict(row)
        outline: BaseGeometry = shapely.from_wkb(told.pop("outline"))  # type: ignore[assignment]
        found.append((told, outline))
    return found
