"""A house in a street: the number itself, its neighbours, or what lies between them."""

import sqlite3
from collections.abc import Sequence
from math import hypot

from msgspec import Struct

from server.base.address_ground import Plane
from server.base.address_text import House, house

AT_HOUSE_M, NEAR_HOUSE_M = 15.0, 25.0
"""Accuracy (one sigma) of a mapped house, and of one known only by the number beside it or without its letter."""
FARTHEST = 30
"""A number farther than this from all that are mapped says nothing: then only the street is known."""
FRONTAGE_M = 12.0
"""How wide a plot is, for how far from a neighbour an unmapped number lies (German residential streets: 8 to 20 m)."""


class Found(Struct, frozen=True):
    """Where a number is: `kind` house, interpolated or nearest; `factor` lowers the score; `why` says it in a word."""

    lon: float
    lat: float
    kind: str
    accuracy_m: float
    factor: float
    why: str
    label: str
    postcode: str | None


def find(rows: list[sqlite3.Row], asked: House) -> Found | None:
    """The best that the houses of one street (ordered by number) say of a number; None for a street without houses."""
    return _exactly(rows, asked) or _without_letter(rows, asked) or _between(rows, asked) or _nearest(rows, asked)


def _exactly(rows: list[sqlite3.Row], asked: House) -> Found | None:
    for row in rows:
        if asked.label and row["label"] == asked.label:
            return _house(row, 1.0, "exact")
    for row in rows:
        if (
            row["number"] == asked.number
            and row["letter"] == asked.letter
            and (row["last"] is None or asked.last is None)
        ):
            return _house(row, 1.0 if asked.last is None and "/" not in asked.label else 0.98, "exact")
    for row in rows:
        if row["number"] == asked.number and asked.letter and not asked.last_letter and "-" in row["label"]:
            kept = house(row["label"])
            if kept is not None and len(asked.letter) == 1 and kept.letter <= asked.letter <= kept.last_letter:
                return _house(row, 0.98, "in_range")
    for row in rows:
        last = row["last"]
        if last is not None and row["number"] <= asked.number <= last and not asked.letter:
            same_side = (asked.number - row["number"]) % 2 == 0 or (last - row["number"]) % 2 == 1
            if same_side:
                return _house(row, 0.98, "in_range")
    if asked.last_letter:
        for row in rows:
            if row["number"] == asked.number and asked.letter < row["letter"] <= asked.last_letter:
                return _house(row, 0.95, "in_range")
    if asked.last is not None:
        for row in rows:
            if asked.number < row["number"] <= asked.last and (row["number"] - asked.number) % 2 == 0:
                return _house(row, 0.95, "in_range")
    return None


def _house(row: sqlite3.Row, factor: float, why: str) -> Found:
    if row["guessed"]:
        return _found(row, "interpolated", NEAR_HOUSE_M, factor * 0.95, "interpolation")
    return _found(row, "house", AT_HOUSE_M, factor, why)


def _found(row: sqlite3.Row, kind: str, accuracy_m: float, factor: float, why: str) -> Found:
    return Found(row["lon"], row["lat"], kind, accuracy_m, factor, why, row["label"], row["postcode"])


def _without_letter(rows: list[sqlite3.Row], asked: House) -> Found | None:
    """`12a` where only `12` is mapped, or `12` where only `12a` is."""
    same = [row for row in rows if row["number"] == asked.number]
    if not same:
        return None
    plain = [row for row in same if not row["letter"]]
    return _found((plain or same)[0], "nearest", NEAR_HOUSE_M, 0.93, "other_letter")


def _between(rows: list[sqlite3.Row], asked: House) -> Found | None:
    """On the line between the neighbours of the same side of the street."""
    side = [row for row in rows if (row["number"] - asked.number) % 2 == 0]
    below = [row for row in side if row["number"] < asked.number]
    above = [row for row in side if row["number"] > asked.number]
    if not below or not above:
        return None
    low, high = below[-1], above[0]
    share = (asked.number - low["number"]) / (high["number"] - low["number"])
    lon, lat = (low[name] + share * (high[name] - low[name]) for name in ("lon", "lat"))
    gap_m = apart_m(low["lon"], low["lat"], high["lon"], high["lat"])
    factor = 0.9 if gap_m <= 20 * FRONTAGE_M else 0.8
    accuracy_m = max(NEAR_HOUSE_M, round(gap_m / 2, 0))
    return Found(lon, lat, "interpolated", accuracy_m, factor, "between", str(asked.number), low["postcode"])


def _nearest(rows: list[sqlite3.Row], asked: House) -> Found | None:
    if not rows:
        return None
    row = min(rows, key=lambda row: (abs(row["number"] - asked.number) + (row["number"] - asked.number) % 2, row["id"]))
    away = abs(row["number"] - asked.number)
    if away > FARTHEST:
        return None
    accuracy_m = max(NEAR_HOUSE_M, FRONTAGE_M * away / 2 + AT_HOUSE_M)
    return _found(row, "nearest", accuracy_m, 0.8 if away <= 10 else 0.7, "nearest_number")


def apart_m(lon: float, lat: float, to_lon: float, to_lat: float) -> float:
    """Distance on a plane, metres; good to a few per mille over a district."""
    plane = Plane((lat + to_lat) / 2)
    return hypot((to_lon - lon) * plane.lon_m, (to_lat - lat) * plane.lat_m)


def merged(spots: Sequence[tuple[float, float, float]]) -> list[tuple[float, float, float]]:
    """Crossing points of two carriageways are one crossing: those within 60 m are taken together."""
    groups: list[list[tuple[float, float, float]]] = []
    for spot in spots:
        for group in groups:
            if any(apart_m(spot[0], spot[1], other[0], other[1]) <= 60.0 for other in group):
                group.append(spot)
                break
        else:
            groups.append([spot])
    return [
        tuple(sum(spot[part] for spot in group) / len(group) for part in range(3))  # type: ignore[misc]
        for group in groups
    ]
