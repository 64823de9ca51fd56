"""One offline pack, opened for reading: map tiles, addresses, water points of an area. One SQLite file, docs/base.md.

A pack is an MBTiles file (1.3) with more tables. It is never written here, only replaced as a whole, so it is opened as
immutable: no lock, no journal, and a pack that is replaced while it is read stays whole for who reads it.
"""

import json
import math
import sqlite3
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mobile import geo
from mobile.own import OwnObject, Plan, read_own

APPLICATION_ID = 0x4C42504B
"""The letters LBPK, in the header of the SQLite file."""
FORMAT = 1
MAX_STREETS = 100_000
PLANS_VERSION = HOSES_VERSION = SAME_WATER_VERSION = 1
HOUSE_M = 250.0
"""A house that is farther is no address of a place."""
MAX_OWN = 2_000
"""Own objects that are looked at round one place."""
MAX_SAME = 100_000
METRES_PER_DEGREE = 111_320.0


class PackError(ValueError):
    """The file is no pack that this version can read."""


@dataclass(frozen=True)
class PackInfo:
    """What a pack says of itself. Times are ISO 8601; `bbox` is west, south, east, north in degrees (WGS84).

    `data_at` is how old the map is, `built_at` when the pack was cut; `parts` counts the rows of each part.
    """

    id: str
    title: str
    version: str
    built_at: str
    data_at: str
    bbox: tuple[float, float, float, float]
    attribution: str
    max_zoom: int
    parts: dict[str, int]
    mission: str = ""
    """The mission that it is bound to; "" for none."""


@dataclass(frozen=True)
class Address:
    """A house, a street where `housenumber` is "", or an object by its name, whose address is then its `city`."""

    street: str
    housenumber: str
    postcode: str
    city: str
    at: geo.LonLat

    @property
    def text(self) -> str:
        """As one writes it: Warburger Straße 12a, 33100 Paderborn."""
        return ", ".join(
            filter(None, (f"{self.street} {self.housenumber}".strip(), f"{self.postcode} {self.city}".strip()))
        )


@dataclass(frozen=True)
class WaterPoint:
    """Where water is taken; `diameter_mm` 0 where unknown."""

    id: str
    kind: str
    ref: str
    diameter_mm: int
    at: geo.LonLat


class Pack:
    """An open pack. May be read by several threads. Raises PackError when it cannot be read."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        address = f"file:{_quoted(path)}?mode=ro&immutable=1"
        try:
            self._file = sqlite3.connect(address, uri=True, check_same_thread=False)
        except sqlite3.Error as problem:
            raise PackError(f"{path.name}: {problem}") from problem
        try:
            self.info = self._read_info()
        except (sqlite3.Error, ValueError, KeyError, TypeError) as problem:
            self._file.close()
            raise PackError(f"{path.name}: {problem}") from problem
        self.bytes = path.stat().st_size
        # A part of a later version means something else: it is left out.
        self._has_plans = self._has("plans", PLANS_VERSION)
        self.has_hoses = self._has("hoses", HOSES_VERSION)
        self.replaced = self._replaced()
        """Water points of the map (`node123`) that this pack has by the operator's own word."""

    def _read_info(self) -> PackInfo:
        if self._file.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
            raise PackError("not a pack")
        made = int(self._file.execute("PRAGMA user_version").fetchone()[0])
        if made != FORMAT:
            raise PackError(f"format {made}")
        told: dict[str, str] = dict(self._file.execute("SELECT name, value FROM metadata"))
        west, south, east, north = (float(part) for part in told["bounds"].split(","))
        return PackInfo(
            told["id"],
            told["name"],
            told["pack_version"],
            told["built_at"],
            told["data_at"],
            (west, south, east, north),
            told["attribution"],
            int(told["maxzoom"]),
            {str(name): int(rows) for name, rows in self._file.execute("SELECT name, rows FROM part")},
            str(told.get("mission", "")),
        )

    def _has(self, part: str, version: int) -> bool:
        return bool(self._rows("SELECT 1 FROM part WHERE name = ? AND version = ? AND rows > 0", (part, version)))

    def close(self) -> None:
        """Reading afterwards finds nothing."""
        with self._lock:
            self._file.close()

    def tile(self, zoom: int, x: int, y: int) -> bytes | None:
        """The vector tile in the numbering of web maps (y grows southwards), None where there is none."""
        sql = "SELECT tile_data FROM tiles WHERE zoom_level = ? AND tile_column = ? AND tile_row = ?"
        rows = self._rows(sql, (zoom, x, (1 << zoom) - 1 - y))
        return bytes(rows[0][0]) if rows else None

    def streets(self) -> list[tuple[int, str, str, str, float, float]]:
        """Every street: key, name, postcode, city, longitude, latitude."""
        return self._rows("SELECT id, name, postcode, city, lon, lat FROM street ORDER BY id LIMIT ?", (MAX_STREETS,))

    def houses(self, street: int) -> list[tuple[str, float, float]]:
        """The house numbers of a street with their positions."""
        return self._rows("SELECT housenumber, lon, lat FROM address WHERE street = ? ORDER BY rowid", (street,))

    def nearest_address(self, here: geo.LonLat) -> Address | None:
        """The nearest house, at most `HOUSE_M` away."""
        sql = """SELECT street.name, housenumber, postcode, city, address.lon, address.lat FROM address
            JOIN street ON street.id = address.street
            WHERE address.lat BETWEEN ? AND ? AND address.lon BETWEEN ? AND ?"""
        for reach_m in (HOUSE_M / 5, HOUSE_M):
            west, south, east, north = _around(here, reach_m)
            rows = self._rows(sql, (south, north, west, east))
            houses = [Address(str(r[0]), str(r[1]), str(r[2]), str(r[3]), (r[4], r[5])) for r in rows]
            near = [(geo.distance_m(here, house.at), house.street, house.housenumber, house) for house in houses]
            best = min(near, key=lambda one: one[:3], default=None)
            if best is not None and best[0] <= reach_m:
                return best[3]
        return None

    def objects(self) -> list[tuple[str, str, float, float]]:
        """Every named object: title, address, longitude, latitude."""
        sql = "SELECT title, address, lon, lat FROM object WHERE title <> '' ORDER BY id LIMIT ?"
        return self._rows(sql, (MAX_STREETS,))

    def water(self, here: geo.LonLat, reach_m: float) -> list[WaterPoint]:
        """Water points within a distance as the crow flies, nearest first."""
        west, south, east, north = _around(here, reach_m)
        box = (south, north, west, east)
        sql = "SELECT id, kind, ref, diameter_mm, lon, lat FROM water WHERE lat BETWEEN ? AND ? AND lon BETWEEN ? AND ?"
        found = [WaterPoint(str(r[0]), str(r[1]), str(r[2]), int(r[3]), (r[4], r[5])) for r in self._rows(sql, box)]
        near = [(geo.distance_m(here, point.at), point.id, point) for point in found]
        return [point for far, _, point in sorted(near, key=lambda row: row[:2]) if far <= reach_m]

    def own(self, here: geo.LonLat, reach_m: float) -> list[OwnObject]:
        """An operator's own objects round a place, and closures wherever their middle is; hydrants last, by id."""
        west, south, east, north = _around(here, reach_m)
        sql = """SELECT id, kind, title, address, lon, lat, properties, geometry FROM object WHERE layer <> 'osm'
            AND (kind = 'closure' OR (lat BETWEEN ? AND ? AND lon BETWEEN ? AND ?))
            ORDER BY kind = 'hydrant', kind <> 'closure', id LIMIT ?"""
        rows = self._rows(sql, (south, north, west, east, MAX_OWN))
        found = (read_own(row, self._plans(str(row[0]))) for row in rows)
        return [one for one in found if one is not None]

    def _replaced(self) -> frozenset[str]:
        if not self._has("same_water", SAME_WATER_VERSION):
            return frozenset()
        return frozenset(str(row[0]) for row in self._rows("SELECT base FROM same_water LIMIT ?", (MAX_SAME,)))

    def _plans(self, key: str) -> tuple[Plan, ...]:
        if not self._has_plans:
            return ()
        rows = self._rows("SELECT plan, name, pages FROM object_plan WHERE object = ? ORDER BY number", (key,))
        return tuple(Plan(str(row[0]), str(row[1]), int(row[2])) for row in rows)

    def hose_cell(self, x: int, y: int) -> bytes | None:
        """Ways and water of a cell (`mobile.hoses`), as it lies there."""
        rows = self._rows("SELECT body FROM hose WHERE x = ? AND y = ?", (x, y)) if self.has_hoses else []
        return bytes(rows[0][0]) if rows else None

    def plan_page(self, plan: str, page: int) -> bytes | None:
        """A page of a plan as PNG, counted from 1."""
        rows = self._rows("SELECT png FROM plan_page WHERE plan = ? AND page = ?", (plan, page))
        return bytes(rows[0][0]) if rows else None

    def _rows(self, sql: str, values: tuple[Any, ...]) -> list[Any]:
        with self._lock:
            try:
                return self._file.execute(sql, values).fetchall()
            except sqlite3.Error:  # closed meanwhile, or a page that the disk has lost: the keeper fetches it anew
                return []


def read_list(body: bytes) -> list[dict[str, Any]]:
    """The packs of a server's list that are well formed. Raises ValueError where it is no list of packs at all."""
    told = json.loads(body)
    if not isinstance(told, dict) or not isinstance(told.get("packs"), list):
        raise ValueError("no list of packs")
    return [entry for entry in told["packs"] if isinstance(entry, dict)]


def _around(here: geo.LonLat, reach_m: float) -> tuple[float, float, float, float]:
    """West, south, east, north of a box that holds everything within a distance."""
    dlat = reach_m / METRES_PER_DEGREE
    dlon = dlat / max(0.01, math.cos(math.radians(here[1])))
    return here[0] - dlon, here[1] - dlat, here[0] + dlon, here[1] + dlat


def _quoted(path: Path) -> str:
    """A path as part of a file: address of SQLite."""
    text = str(path.resolve())
    for sign in "%?#":
        text = text.replace(sign, f"%{ord(sign):02x}")
    return text
