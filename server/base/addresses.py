"""Where addresses, streets, crossings, objects and places are: the part `addresses`, gathered here, written down by
`address_tables`.

An address is what OpenStreetMap tags as one (`addr:*`) on nodes, buildings and relations, the houses of an
`associatedStreet`, and the numbers along an `addr:interpolation` way. Where houses belong to a place and not to a
street (`addr:place`), the place is their street. Streets are named highways and squares; a road with a number alone
(`B 64`) is a street of that name.
"""

import itertools
import re
from array import array
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import shapely
from shapely.geometry.base import BaseGeometry

from server.base.address_ground import PLACE_RADIUS_M, Area, extent_m, middle
from server.base.address_text import House, house
from server.base.build import Output, Part
from server.base.elements import Element

STREET_NAMES = (
    "name",
    "name:de",
    "alt_name",
    "old_name",
    "short_name",
    "official_name",
    "loc_name",
    "name:fi",
    "name:sv",
)
OBJECT_NAMES = ("name", "name:de", "alt_name", "short_name", "official_name", "old_name", "loc_name", "brand")
OPERATED = frozenset(
    {"hospital", "clinic", "school", "kindergarten", "nursing_home", "social_facility", "fire_station", "university"}
)
"""Objects that are also known by who runs them."""
OBJECT_KEYS = (
    *("amenity", "emergency", "healthcare", "shop", "office", "craft", "tourism", "leisure", "railway", "aeroway"),
    *("public_transport", "industrial", "man_made", "historic", "military", "club", "power", "landuse", "building"),
    *("natural", "waterway", "highway"),
)
"""What makes a named thing an object; the first that is there is its kind."""
NO_OBJECTS = frozenset(
    {"hydrant", "fire_hydrant", "bench", "waste_basket", "vending_machine", "tree", "street_lamp", "motorway", "rail"}
)
OBJECT_HIGHWAYS = frozenset({"motorway_junction", "bus_stop", "services", "rest_area", "emergency_access_point"})
STREET_RELATIONS = frozenset({"associatedStreet", "street"})
MOST_SPANNED = 200
"""Most house numbers that one interpolation way may stand for."""


@dataclass(slots=True)
class HouseAt:
    """One house number at a point. `rank` 0 is best: an address of its own, then a building, then something in it."""

    street: str | None
    place: str | None
    number: House
    lon: float
    lat: float
    rank: int
    postcode: str | None = None
    city: str | None = None
    district: str | None = None
    guessed: bool = False


@dataclass(slots=True)
class Line:
    """A piece of a named street."""

    names: tuple[str, ...]
    kind: str
    shape: BaseGeometry
    first: int
    """Where its nodes begin among all `Addresses.refs`; their number is that of its positions, 0 for an area."""
    count: int


@dataclass(slots=True)
class Object:
    """Something with a name of its own."""

    names: tuple[str, ...]
    aliases: tuple[str, ...]
    kind: str
    lon: float
    lat: float
    radius_m: float
    street: str | None
    number: str | None
    city: str | None


class Addresses:
    """The part `addresses`."""

    name = "addresses"

    def __init__(self) -> None:
        self.houses: list[HouseAt] = []
        self.lines: list[Line] = []
        self.objects: list[Object] = []
        self.areas: list[Area] = []
        self.refs = array("q")
        self._streets_of: dict[tuple[str, int], str] = {}
        """(type, id) of a house in an `associatedStreet` -> the street."""
        self._nodes: dict[int, int] = {}
        """Node with a house number -> its index in `houses`: interpolation ways hang between them."""
        self._spans: list[tuple[str, BaseGeometry, tuple[int, ...]]] = []

    def wants(self, tags: Mapping[str, str]) -> bool:
        """Anything with an address, a street's name, an object's name, a place or its border."""
        if (
            "addr:housenumber" in tags
            or "addr:interpolation" in tags
            or tags.get("type") in ("associatedStreet", "street")
        ):
            return True
        if "highway" in tags and ("ref" in tags or "name" in tags):
            return True
        if "name" not in tags:
            return "postal_code" in tags and "boundary" in tags
        return "place" in tags or "boundary" in tags or any(name in tags for name in OBJECT_KEYS)

    def take(self, element: Element) -> None:
        """Sort an element into what it says."""
        tags = element.tags
        if element.kind == "relation":
            self._associated(element)
            return
        if "addr:housenumber" in tags:
            self._house(element)
        if "addr:interpolation" in tags and element.kind == "way" and element.geometry is not None:
            self._spans.append((tags["addr:interpolation"], element.geometry, element.refs))
        if "place" in tags or "boundary" in tags:
            self._place(element)
        if tags.get("place") == "square" or ("highway" in tags and tags["highway"] not in OBJECT_HIGHWAYS):
            self._street(element)
        else:
            self._object(element)

    def finish(self, out: Output) -> dict[str, int]:
        """Work out what belongs together, and write the tables."""
        from server.base.address_tables import write

        self._span()
        return write(self, out)

    # -- what an element says ------------------------------------------------------------------------------------------

    def _associated(self, element: Element) -> None:
        name = element.tags.get("name") or element.tags.get("addr:street")
        if name:
            self._streets_of.update(
                ((kind, ref), name) for kind, ref, role in element.members if role not in ("street", "associatedStreet")
            )

    def _house(self, element: Element) -> None:
        tags, shape = element.tags, element.geometry
        if shape is None:
            return
        street = tags.get("addr:street") or self._streets_of.get((element.osm_type, element.id))
        place = tags.get("addr:place") or tags.get("addr:hamlet")
        point = middle(shape)
        busy = any(name in tags for name in ("amenity", "shop", "office", "tourism", "craft"))
        rank = 0 if element.kind == "node" and not busy else 1 if "building" in tags else 2
        for label in re.split(r"\s*[;,]\s*", tags["addr:housenumber"])[:20]:
            number = house(label)
            if number is None:
                continue
            if element.kind == "node":
                self._nodes[element.id] = len(self.houses)
            self.houses.append(
                HouseAt(
                    street=street,
                    place=place,
                    number=number,
                    lon=point.x,
                    lat=point.y,
                    rank=rank,
                    postcode=tags.get("addr:postcode"),
                    city=tags.get("addr:city"),
                    district=tags.get("addr:suburb") or tags.get("addr:district") or tags.get("addr:city_district"),
                )
            )

    def _street(self, element: Element) -> None:
        names = _names(element.tags, STREET_NAMES) or _names(element.tags, ("ref",))
        if not names or element.geometry is None or element.kind == "node":
            return
        first = len(self.refs)
        self.refs.extend(element.refs)
        kind = "street" if element.tags.get("name") else "road"
        self.lines.append(Line(names, kind, element.geometry, first, len(element.refs)))
        if kind == "street" and (roads := _names(element.tags, ("ref",))):
            # A street that is also a numbered road is found by both names.
            self.lines.append(Line(roads, "road", element.geometry, first, len(element.refs)))

    def _object(self, element: Element) -> None:
        tags = element.tags
        kind = next((tags[name] for name in OBJECT_KEYS if tags.get(name) not in (None, "no", "yes")), "building")
        names = _names(tags, OBJECT_NAMES)
        if kind in ("access_point", "emergency_access_point") and tags.get("ref"):
            names = (*names, f"Rettungspunkt {tags['ref']}")
        if kind == "motorway_junction" and names:
            names = (names[0], f"AS {names[0]}", *names[1:])
        known = "place" not in tags and "boundary" not in tags and any(name in tags for name in OBJECT_KEYS)
        if not names or not known or kind in NO_OBJECTS or element.geometry is None or element.kind == "way":
            return
        aliases = _names(tags, ("operator",)) if kind in OPERATED else ()
        point = middle(element.geometry)
        self.objects.append(
            Object(
                names=names,
                aliases=aliases,
                kind=kind,
                lon=point.x,
                lat=point.y,
                radius_m=extent_m(element.geometry),
                street=tags.get("addr:street") or self._streets_of.get((element.osm_type, element.id)),
                number=tags.get("addr:housenumber"),
                city=tags.get("addr:city"),
            )
        )

    def _place(self, element: Element) -> None:
        tags, shape = element.tags, element.geometry
        kind = tags.get("place") or tags.get("boundary") or ""
        level = tags.get("admin_level", "")
        postcode = tags.get("postal_code") if kind == "postal_code" else None
        wanted = kind in PLACE_RADIUS_M or (kind == "administrative" and level.isdigit() and int(level) >= 6)
        if shape is not None and element.kind != "way" and (wanted or postcode):
            names = _names(tags, OBJECT_NAMES) if wanted else ()
            self.areas.append(Area(names, kind, int(level) if level.isdigit() else 0, shape, postcode))

    def _span(self) -> None:
        """The numbers along interpolation ways, between the two houses at their ends."""
        for rule, shape, refs in self._spans:
            ends = [(index, self._nodes[ref]) for index, ref in enumerate(refs) if ref in self._nodes]
            for (start, one), (end, other) in itertools.pairwise(ends):
                line = shapely.linestrings(shapely.get_coordinates(shape)[start : end + 1])
                self.houses += _between(rule, line, self.houses[one], self.houses[other])


def _between(rule: str, line: Any, one: HouseAt, other: HouseAt) -> Iterator[HouseAt]:
    step = {"even": 2, "odd": 2, "all": 1}.get(rule) or (int(rule) if rule.isdigit() else 0)
    low, high = one.number.number, other.number.number
    if step <= 0 or low == high or abs(high - low) // step > MOST_SPANNED:
        return
    way = step if high > low else -step
    for number in range(low + way, high, way):
        at = line.interpolate((number - low) / (high - low), normalized=True)
        yield HouseAt(
            street=one.street or other.street,
            place=one.place or other.place,
            number=House(number, label=str(number)),
            lon=at.x,
            lat=at.y,
            rank=3,
            postcode=one.postcode,
            city=one.city,
            district=one.district,
            guessed=True,
        )


def _names(tags: Mapping[str, str], keys: tuple[str, ...]) -> tuple[str, ...]:
    """The names under some keys, each once; several in one value are divided by semicolons."""
    found = (name.strip() for key in keys for name in tags.get(key, "").split(";"))
    return tuple(dict.fromkeys(name[:120] for name in found if name))


def part() -> Part:
    """For `build.PARTS`."""
    return Addresses()
