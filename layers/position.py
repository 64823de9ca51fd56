"""Where a mission is, and by whose word: a person's, dispatch's coordinates, or what its address was taken to mean.

Precedence, each only while it holds: a person of the control room placed it (until the address becomes another),
dispatch told coordinates, the address was found without doubt. An address that may mean several places gives no
position; its hits are told for a person to choose from.
"""

from typing import Any, NamedTuple

from layers.content_parts import Geocode, Located
from layers.observation import Geometry
from layers.records import GEOMETRY, Claim, Record

CONTROL, DISPATCH, ADDRESS = "control", "dispatch", "address"
"""Sources of a position."""
FOUND, AMBIGUOUS, NOTHING = "found", "ambiguous", "nothing"
"""What became of an address."""
NAMES = frozenset({GEOMETRY, "area", "address", "geocode", "located"})
"""Attributes that move a subject."""


class Position(NamedTuple):
    """A position with its source, accuracy (metres, one sigma; None: unknown), the claim behind it, and in words."""

    geometry: Geometry
    source: str
    accuracy_m: float | None
    claim: Claim
    label: str | None = None
    score: float | None = None


def address_text(record: Record) -> str | None:
    """The line of an address: street, postcode and city; None where nothing of it is known."""
    given = record.get("address")
    if given is None:
        return None
    town = " ".join(part for part in (given.postcode, given.city) if part)
    return ", ".join(part for part in (given.street, town) if part) or None


def geocode(record: Record) -> Geocode | None:
    """What the address that the mission has now was taken to mean; None while nobody worked that out."""
    told: Geocode | None = record.get("geocode")
    return told if told is not None and told.address == address_text(record) else None


def located(record: Record) -> Located | None:
    """Where a person placed it, while the address is still the one it was placed for."""
    told: Located | None = record.get("located")
    return told if told is not None and told.address in (None, address_text(record)) else None


def position(record: Record) -> Position | None:
    """Where the mission is, by the precedence above; of other kinds their own geometry."""
    placed = located(record)
    if placed is not None:
        return Position(_point(placed), CONTROL, placed.accuracy_m, record.held["located"][1], placed.label)
    own, claim = record.held.get(GEOMETRY, (None, None))
    if own is not None and claim is not None:
        return Position(own, DISPATCH, claim.accuracy_m if claim.accuracy_m >= 0.0 else None, claim)
    told = geocode(record)
    if told is not None and told.verdict == FOUND and told.hits:
        hit = told.hits[0]
        return Position(_point(hit), ADDRESS, hit.accuracy_m, record.held["geocode"][1], hit.label, hit.score)
    return None


def place(record: Record) -> Geometry | None:
    """The geometry alone."""
    found = position(record)
    return None if found is None else found.geometry


def _point(place: Any) -> Geometry:
    return {"type": "Point", "coordinates": [place.lon, place.lat]}
