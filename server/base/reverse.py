"""What is near a position: the nearest house number, the nearest street, the place; each with its distance."""

import sqlite3

import shapely
from msgspec import Struct

from server.base.address_ground import Plane
from server.base.address_houses import apart_m
from server.base.base import Base
from server.base.geocode import label

STEPS_M = (60.0, 250.0, 1000.0)
"""How far is looked, step by step; beyond the last there is nothing near."""
MOST_BOXES = 5_000
"""Most houses or streets measured in one step."""


class Nearby(Struct, frozen=True, kw_only=True):
    """The nearest address. `distance_m` is to the house, or to the street where there is no house near.

    `lon`, `lat` are those of the house, or of the nearest point of the street.
    """

    label: str
    distance_m: float
    lon: float
    lat: float
    street: str
    street_distance_m: float | None
    housenumber: str | None
    postcode: str | None
    city: str | None
    district: str | None


def reverse(base: Base, lon: float, lat: float) -> Nearby | None:
    """The nearest address to a position, None where nothing is within a kilometre."""
    house = _nearest_house(base, lon, lat)
    street = _nearest_street(base, lon, lat)
    if house is None and street is None:
        return None
    if house is None or (street is not None and house[0] > STEPS_M[1]):
        assert street is not None
        distance, row, at_lon, at_lat = street
        return _told(row, None, distance, at_lon, at_lat, distance)
    distance, found = house
    row = base.db.execute("SELECT * FROM address_streets WHERE id = ?", (found["street"],)).fetchone()
    return _told(row, found, distance, found["lon"], found["lat"], street[0] if street is not None else None)


def _told(
    row: sqlite3.Row, house: sqlite3.Row | None, distance: float, lon: float, lat: float, street_m: float | None
) -> Nearby:
    number = house["label"] if house is not None else None
    postcode = (house["postcode"] if house is not None else None) or row["postcode"]
    return Nearby(
        label=label(row, number, postcode),
        distance_m=round(distance, 0),
        lon=round(lon, 7),
        lat=round(lat, 7),
        street=row["name"],
        street_distance_m=None if street_m is None else round(street_m, 0),
        housenumber=number,
        postcode=postcode,
        city=row["city"],
        district=row["district"],
    )


def _inside(base: Base, table: str, lon: float, lat: float, metres: float) -> list[sqlite3.Row]:
    plane = Plane(lat)
    east, north = metres / max(1.0, plane.lon_m), metres / plane.lat_m
    return base.db.execute(
        f"SELECT full.* FROM {table}_box AS box JOIN {table} AS full ON full.id = box.id "  # noqa: S608  (our own names)
        "WHERE box.west <= ? AND box.east >= ? AND box.south <= ? AND box.north >= ? LIMIT ?",
        (lon + east, lon - east, lat + north, lat - north, MOST_BOXES),
    ).fetchall()


def _nearest_house(base: Base, lon: float, lat: float) -> tuple[float, sqlite3.Row] | None:
    for metres in STEPS_M:
        rows = _inside(base, "address_houses", lon, lat, metres)
        measured = [(apart_m(lon, lat, row["lon"], row["lat"]), row["id"], row) for row in rows]
        near = [entry for entry in measured if entry[0] <= metres]
        if near:
            distance, _, row = min(near, key=lambda entry: entry[:2])
            return distance, row
    return None


def _nearest_street(base: Base, lon: float, lat: float) -> tuple[float, sqlite3.Row, float, float] | None:
    here = shapely.points(lon, lat)
    for metres in STEPS_M:
        best: tuple[float, sqlite3.Row, float, float] | None = None
        for row in _inside(base, "address_streets", lon, lat, metres):
            if row["kind"] == "place":
                continue
            shape = shapely.from_wkb(row["shape"])
            # The nearest point in degrees is at 50 degrees north not quite the nearest; its distance is measured right.
            at_lon, at_lat = shapely.get_coordinates(shapely.shortest_line(shape, here)).tolist()[0]
            distance = apart_m(lon, lat, at_lon, at_lat)
            better = best is None or distance < best[0] or (distance == best[0] and row["kind"] == "street")
            if distance <= metres and better:
                best = (distance, row, at_lon, at_lat)
        if best is not None:
            return best
    return None
