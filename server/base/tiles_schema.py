"""What the map shows of an element: layer, fields and the zoom from which on (docs/base.md, "The tiles")."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import shapely
from shapely.geometry.base import BaseGeometry

from server.base.buildings import height_m, levels, metres, use_of
from server.base.elements import Element
from server.base.places import kind_of, name_of

Value = str | int | float | bool


class Feature(NamedTuple):
    """One thing to draw, geometry in WGS84."""

    layer: str
    geometry: BaseGeometry
    fields: dict[str, Value]
    min_zoom: int


KEYS = frozenset(
    {
        *("building", "landuse", "natural", "water", "waterway", "highway", "railway", "boundary", "place", "leisure"),
        *("amenity", "emergency", "addr:housenumber", "man_made", "military", "aeroway", "healthcare", "tourism"),
        *("power", "office", "social_facility", "industrial"),
    }
)
LANDUSE: dict[str, dict[str, tuple[str, int]]] = {
    # key: value: kind, zoom from which on it is drawn
    "landuse": {
        "forest": ("forest", 8), "meadow": ("meadow", 10), "grass": ("grass", 12), "farmland": ("farmland", 10),
        "farm": ("farmland", 10), "farmyard": ("farmyard", 12), "orchard": ("orchard", 11),
        "vineyard": ("vineyard", 10),
        "greenhouse_horticulture": ("farmyard", 12), "plant_nursery": ("orchard", 12), "village_green": ("grass", 12),
        "recreation_ground": ("park", 12), "cemetery": ("cemetery", 11), "allotments": ("allotments", 11),
        "residential": ("residential", 9), "commercial": ("commercial", 10), "retail": ("retail", 10),
        "industrial": ("industrial", 9), "railway": ("railway", 11), "military": ("military", 10),
        "quarry": ("quarry", 10), "landfill": ("quarry", 11), "construction": ("construction", 11),
        "brownfield": ("construction", 12), "greenfield": ("grass", 12), "garages": ("parking", 13),
        "religious": ("residential", 12), "flowerbed": ("garden", 15),
    },
    "natural": {
        "wood": ("wood", 8), "scrub": ("scrub", 11), "grassland": ("meadow", 11), "heath": ("heath", 10),
        "wetland": ("wetland", 10), "sand": ("sand", 11), "beach": ("sand", 11), "bare_rock": ("rock", 11),
        "scree": ("rock", 11), "shingle": ("rock", 12), "glacier": ("glacier", 8), "mud": ("wetland", 12),
    },
    "leisure": {
        "park": ("park", 11), "garden": ("garden", 13), "playground": ("playground", 14), "pitch": ("pitch", 13),
        "track": ("pitch", 13), "golf_course": ("park", 11), "sports_centre": ("sports", 12), "stadium": ("sports", 12),
        "nature_reserve": ("reserve", 10), "common": ("park", 12), "fishing": ("park", 13),
    },
    "amenity": {
        "parking": ("parking", 13), "grave_yard": ("cemetery", 12), "school": ("school", 13),
        "kindergarten": ("school", 14),
        "university": ("school", 12), "college": ("school", 12), "hospital": ("hospital", 12),
        "clinic": ("hospital", 13),
        "marketplace": ("square", 14), "fairground": ("square", 13), "bus_station": ("parking", 13),
    },
    "tourism": {
        "camp_site": ("camp", 12), "caravan_site": ("camp", 13), "zoo": ("park", 12), "theme_park": ("park", 12),
    },
    "aeroway": {"aerodrome": ("airport", 10), "apron": ("airport", 12), "helipad": ("airport", 14)},
    "man_made": {"bridge": ("bridge", 14), "pier": ("bridge", 13)},
    "military": {"barracks": ("military", 11), "training_area": ("military", 10), "range": ("military", 10)},
    "power": {"substation": ("industrial", 13), "plant": ("industrial", 11)},
}  # fmt: skip
ROADS: dict[str, tuple[str, int]] = {
    # highway: kind, zoom from which on it is drawn
    "motorway": ("motorway", 8), "trunk": ("trunk", 8), "primary": ("primary", 8), "secondary": ("secondary", 10),
    "tertiary": ("tertiary", 11), "unclassified": ("unclassified", 12), "residential": ("residential", 12),
    "living_street": ("living_street", 13), "road": ("unclassified", 12), "busway": ("service", 13),
    "bus_guideway": ("service", 13), "service": ("service", 13), "pedestrian": ("pedestrian", 13),
    "track": ("track", 13), "footway": ("footway", 14), "cycleway": ("cycleway", 14), "path": ("path", 14),
    "bridleway": ("path", 14), "steps": ("steps", 14), "corridor": ("footway", 15), "raceway": ("service", 13),
}  # fmt: skip
LINK_ZOOM = 11
RAILS = {"rail": 10, "light_rail": 12, "tram": 13, "subway": 13, "narrow_gauge": 11, "funicular": 12, "disused": 13,
         "preserved": 12}  # fmt: skip
WATERWAYS = {"river": 8, "canal": 10, "stream": 12, "brook": 12, "ditch": 13, "drain": 13}
PLACES = {
    "city": 8, "town": 8, "village": 10, "suburb": 11, "borough": 11, "hamlet": 12, "quarter": 12, "island": 11,
    "neighbourhood": 13, "isolated_dwelling": 14, "farm": 14, "locality": 14, "islet": 14, "square": 15,
}  # fmt: skip
HYDRANT_ZOOM, POI_ZOOM, NUMBER_ZOOM, BUILDING_ZOOM, LABEL_ZOOM = 14, 13, 15, 13, 13
WATER_SUPPLY = frozenset({"suction_point", "water_tank", "fire_water_pond"})
UNKNOWN = frozenset({"yes", "no", "unknown", ""})


def features(element: Element) -> Iterator[Feature]:
    """Everything the map shows of an element."""
    if element.geometry is None:
        return
    if element.kind == "area":
        yield from _area(element.tags, element.geometry)
    elif element.kind == "way":
        yield from _line(element.tags, element.geometry)
    if element.kind != "way":
        yield from _points(element)


def _area(tags: Mapping[str, str], shape: BaseGeometry) -> Iterator[Feature]:
    found: list[tuple[str, str, int]] = []
    if tags.get("building", "no") != "no":
        yield Feature("building", shape, _building(tags), BUILDING_ZOOM)
        found.append(("building", use_of(tags) or "yes", 15))
    elif (water := _water_kind(tags)) is not None:
        yield Feature("water", shape, _some(kind=water, name=name_of(tags)), 8)
        found.append(("water", water, 11))
    elif "highway" in tags:
        if tags["highway"] in ROADS:
            yield Feature("landuse", shape, {"kind": "square"}, 13)
            found.append(("landuse", "square", 15))
    elif (land := _landuse_kind(tags)) is not None:
        yield Feature("landuse", shape, {"kind": land[0]}, land[1])
        found.append(("landuse", land[0], max(land[1] + 2, LABEL_ZOOM)))
    name = name_of(tags)
    if name and kind_of(tags) is None:
        for layer, kind, zoom in found[:1]:
            yield Feature(
                "area_label", shapely.point_on_surface(shape), {"kind": kind, "name": name, "of": layer}, zoom
            )


def _building(tags: Mapping[str, str]) -> dict[str, Value]:
    return _some(
        kind=tags["building"],
        use=use_of(tags),
        name=name_of(tags),
        levels=levels(tags.get("building:levels")),
        height_m=height_m(tags),
    )


def _water_kind(tags: Mapping[str, str]) -> str | None:
    if tags.get("natural") == "water" or tags.get("waterway") in ("riverbank", "dock"):
        if tags.get("waterway"):
            return "river" if tags["waterway"] == "riverbank" else "dock"
        return tags.get("water", "water")
    if tags.get("natural") == "bay":
        return None
    if tags.get("landuse") in ("reservoir", "basin"):
        return tags["landuse"]
    return "pool" if tags.get("leisure") == "swimming_pool" else None


def _landuse_kind(tags: Mapping[str, str]) -> tuple[str, int] | None:
    for key, kinds in LANDUSE.items():
        value = tags.get(key)
        if value is not None and value in kinds:
            return kinds[value]
    return None


def _line(tags: Mapping[str, str], line: BaseGeometry) -> Iterator[Feature]:
    highway, railway, waterway = tags.get("highway"), tags.get("railway"), tags.get("waterway")
    kind, zoom = ROADS.get((highway or "").removesuffix("_link"), ("", 0))
    if kind:
        link = str(highway).endswith("_link")
        yield Feature("road", line, _road(tags, kind, link), max(zoom, LINK_ZOOM) if link else zoom)
    if railway in RAILS:
        side = tags.get("service") in ("yard", "siding", "spur", "crossover")
        fields = _some(kind=railway, bridge=_said(tags, "bridge"), tunnel=_said(tags, "tunnel"))
        yield Feature("rail", line, fields, max(RAILS[railway], 13) if side else RAILS[railway])
    if waterway in WATERWAYS and not _said(tags, "tunnel"):
        kind = "stream" if waterway == "brook" else waterway
        yield Feature("waterway", line, _some(kind=kind, name=name_of(tags)), WATERWAYS[waterway])


def _road(tags: Mapping[str, str], kind: str, link: bool) -> dict[str, Value]:
    return _some(
        kind=kind,
        link=link or None,
        name=name_of(tags),
        ref=tags.get("ref"),
        oneway=_oneway(tags),
        bridge=_said(tags, "bridge"),
        tunnel=_said(tags, "tunnel"),
        width_m=metres(tags.get("width")),
        access=tags.get("motor_vehicle") or tags.get("vehicle") or tags.get("access"),
    )


def _oneway(tags: Mapping[str, str]) -> int | None:
    said = tags.get("oneway")
    if said in ("yes", "1", "true"):
        return 1
    if said in ("-1", "reverse"):
        return -1
    implied = said is None and (tags.get("junction") == "roundabout" or tags.get("highway") == "motorway")
    return 1 if implied else None


def _points(element: Element) -> Iterator[Feature]:
    is_node, tags, shape = element.kind == "node", element.tags, element.geometry
    assert shape is not None
    place, name = tags.get("place"), name_of(tags)
    if is_node and place in PLACES and name:
        population = tags.get("population", "")
        people = int(population) if population.isascii() and population.isdecimal() else None
        yield Feature("place", shape, _some(kind=place, name=name, population=people), PLACES[place])
    number, supply, kind = tags.get("addr:housenumber"), water_supply(tags), kind_of(tags)
    if number is None and supply is None and kind is None:
        return
    point = shape if is_node else shapely.point_on_surface(shape)
    if number:
        yield Feature("housenumber", point, {"housenumber": number}, NUMBER_ZOOM)
    if supply:
        # By its name in the map it is hidden where the operator's own table has it.
        osm = f"{element.osm_type}{element.id}"
        fields = _some(kind=supply, ref=tags.get("ref"), diameter_mm=_millimetres(tags), osm=osm)
        yield Feature("hydrant", point, fields, HYDRANT_ZOOM)
    if kind:
        yield Feature("poi", point, _some(kind=kind, name=name, ref=tags.get("ref")), POI_ZOOM)


def water_supply(tags: Mapping[str, str]) -> str | None:
    """Which kind of water point for the fire brigade this is; a hydrant that does not say is a `hydrant`."""
    emergency = tags.get("emergency") or tags.get("amenity")
    if emergency == "fire_hydrant":
        said = tags.get("fire_hydrant:type", "")
        return "hydrant" if said in UNKNOWN else said
    return emergency if emergency in WATER_SUPPLY else None


def _millimetres(tags: Mapping[str, str]) -> int | None:
    said = tags.get("fire_hydrant:diameter", "").removesuffix("mm").strip()
    return int(said) if said.isascii() and said.isdecimal() and 0 < int(said) < 2000 else None


def _said(tags: Mapping[str, str], key: str) -> bool | None:
    return True if tags.get(key, "no") != "no" else None


def _some(**fields: Value | None) -> dict[str, Value]:
    return {key: value for key, value in fields.items() if value is not None}
