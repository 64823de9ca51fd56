"""What is drawn how: from the layers and kinds of the tiles (docs/base.md) to colours, widths, ranks. Data and lookups.

Colours are names of the theme. Widths: in metres where the tile says so, else what such a street usually has, and never
thinner on the glass than `least_px` for its class and the zoom.
"""

from dataclasses import dataclass

LANDUSE = {
    "heath": "heath", "scrub": "heath", "wetland": "heath",
    "wood": "wood", "forest": "wood",
    "meadow": "green", "park": "green", "pitch": "green", "allotments": "green", "cemetery": "green", "grass": "green",
    "rampart": "green", "garden": "green", "orchard": "green", "vineyard": "green", "golf_course": "green",
    "recreation_ground": "green", "village_green": "green", "playground": "green", "sports_centre": "green",
    "grassland": "green", "grave_yard": "green", "greenfield": "green", "nature_reserve": "green",
    "residential": "built", "commercial": "built", "retail": "built", "school": "built", "university": "built",
    "hospital": "built", "kindergarten": "built", "religious": "built", "civic_admin": "built", "college": "built",
    "industrial": "industry", "railway": "industry", "quarry": "industry", "landfill": "industry",
    "military": "industry", "construction": "industry", "brownfield": "industry", "depot": "industry",
    "garages": "industry", "port": "industry",
    "square": "square", "pedestrian": "square", "parking": "square", "beach": "square", "sand": "square",
    "marketplace": "square", "fairground": "square", "rock": "square", "sports": "green", "camp": "green",
    "farmyard": "built", "airport": "industry", "bridge": "industry",
}  # fmt: skip
"""Kinds of landuse that have a colour; the others (farmland) are open land."""

PAINT_ORDER = (
    "built", "industry", "heath", "green", "wood", "square", "water",
    "tunnel",
    "path", "road_case", "road", "main_road", "motorway",
    "rail",
    "building", "building_line",
    "bridge_path", "bridge_case", "bridge_road", "bridge_main_road", "bridge_motorway",
    "boundary",
)  # fmt: skip
"""From the bottom up. What begins with `bridge_` has the colour of the rest of its name."""


def colour_of(paint: str) -> str:
    """The theme's colour of an entry of PAINT_ORDER."""
    return paint.removeprefix("bridge_") if paint != "bridge_case" else "road_case"


@dataclass(frozen=True)
class Road:
    """A class of streets: colour, usual width, least width on the glass by band of zoom (12 to 17; 0: not drawn).

    `name_band` is the first band in which its name is written, `rank` how important that is.
    """

    paint: str
    width_m: float
    least_px: tuple[float, float, float, float, float, float]
    name_band: int
    rank: float


_MOTORWAY = Road("motorway", 11.0, (2.6, 3.2, 4.2, 5.5, 7.0, 8.0), 13, 0.8)
_TRUNK = Road("main_road", 10.0, (2.4, 3.0, 4.0, 5.5, 7.0, 8.0), 14, 1.0)
_PRIMARY = Road("main_road", 9.0, (2.2, 2.8, 3.8, 5.5, 7.0, 8.0), 14, 1.0)
_SECONDARY = Road("main_road", 8.0, (1.6, 2.2, 3.4, 5.0, 6.5, 8.0), 14, 1.2)
_TERTIARY = Road("road", 7.0, (1.2, 1.8, 2.8, 4.5, 6.0, 7.5), 14, 1.4)
_LINK = Road("main_road", 6.0, (0.0, 1.4, 2.2, 3.5, 5.0, 6.5), 17, 3.0)
_STREET = Road("road", 6.0, (0.0, 1.0, 1.6, 3.2, 5.0, 6.5), 15, 2.0)
_LANE = Road("road", 5.0, (0.0, 0.0, 1.2, 2.4, 4.0, 5.0), 15, 2.4)
_SERVICE = Road("road", 3.5, (0.0, 0.0, 0.0, 1.4, 2.4, 3.4), 17, 4.0)
_TRACK = Road("path", 2.5, (0.0, 0.0, 0.0, 1.0, 1.4, 1.8), 17, 4.5)
_PATH = Road("path", 1.6, (0.0, 0.0, 0.0, 0.8, 1.1, 1.4), 17, 4.5)
ROADS = {
    "motorway": _MOTORWAY, "trunk": _TRUNK, "primary": _PRIMARY, "secondary": _SECONDARY, "tertiary": _TERTIARY,
    "motorway_link": _LINK, "trunk_link": _LINK, "primary_link": _LINK, "secondary_link": _LINK,
    "tertiary_link": _STREET, "unclassified": _STREET, "residential": _STREET, "road": _STREET, "minor": _STREET,
    "living_street": _LANE, "pedestrian": _LANE, "busway": _LANE,
    "service": _SERVICE, "track": _TRACK,
    "path": _PATH, "footway": _PATH, "cycleway": _PATH, "steps": _PATH, "bridleway": _PATH, "corridor": _PATH,
}  # fmt: skip
UNKNOWN_ROAD, LINK = _STREET, _LINK
"""What is not in the table, and a slip road of a main one."""
CASE_FROM_PX, CASE_PX = 2.0, 1.0
"""Streets as wide as this have an edge of that width."""

WATERWAYS = {"river": (12.0, 2.2), "canal": (8.0, 1.8), "stream": (2.5, 1.0), "ditch": (1.2, 0.0), "drain": (1.2, 0.0)}
"""Width in metres and least width in pixels, 0: drawn from band 15 on."""
AREA_NAMES: dict[str, tuple[float, int, float]] = {
    "building": (2.5, 16, 15.8), "water": (1.6, 14, 13.9), "landuse": (1.8, 15, 15.2),
}  # fmt: skip
"""What an area's name belongs to: rank, first band, least zoom."""
RAIL_M, RAIL_PX = 1.6, 1.3

PLACES: dict[str, tuple[str, float, int, int]] = {
    "city": ("town", 0.1, 12, 14), "town": ("town", 0.2, 12, 15), "borough": ("town", 0.4, 12, 15),
    "village": ("place", 0.5, 12, 16), "suburb": ("place", 0.6, 12, 16), "quarter": ("place", 0.8, 13, 16),
    "neighbourhood": ("place", 1.1, 14, 17), "hamlet": ("place", 0.9, 13, 17), "farm": ("number", 3.2, 15, 17),
    "isolated_dwelling": ("number", 3.2, 15, 17), "locality": ("number", 3.4, 15, 17), "island": ("place", 1.0, 13, 16),
    "islet": ("number", 3.0, 15, 17), "square": ("place", 1.5, 15, 17),
}  # fmt: skip
"""Kind of place: style of letters, rank, first and last band."""

SIGNS: dict[str, tuple[str, str, str, float, int]] = {
    "fire_station": ("box", "FW", "alarm", 2.0, 14), "ambulance_station": ("box", "RW", "alarm", 2.2, 15),
    "hospital": ("box", "KH", "accent", 2.1, 14), "clinic": ("box", "+", "accent", 4.0, 16),
    "police": ("box", "POL", "accent", 2.3, 15), "landing_site": ("circle", "H", "accent", 2.6, 15),
    "assembly_point": ("box", "S", "good", 3.0, 16), "rescue_point": ("box", "R", "good", 3.0, 15),
    "key_safe": ("box", "FSD", "alarm", 2.8, 16), "defibrillator": ("box", "AED", "good", 3.6, 17),
    "first_aid": ("box", "+", "good", 3.6, 16), "school": ("box", "Sch", "quiet", 4.4, 16),
    "kindergarten": ("box", "Kita", "quiet", 4.4, 16), "care_home": ("box", "Heim", "quiet", 4.2, 16),
    "university": ("box", "Uni", "quiet", 4.6, 16), "station": ("box", "Bf", "quiet", 4.0, 15),
    "town_hall": ("box", "RH", "quiet", 4.6, 16), "assembly_hall": ("box", "VSt", "quiet", 4.6, 17),
    "substation": ("triangle", "kV", "warn", 4.6, 17), "gas": ("triangle", "G", "warn", 4.4, 16),
    "hazardous_site": ("triangle", "!", "warn", 2.9, 15), "prison": ("box", "JVA", "quiet", 4.4, 16),
}  # fmt: skip
"""Kind of point: shape, letters, colour, rank, first band. Others are a name, from band 17 on."""

HYDRANTS: dict[str, tuple[str, str, str]] = {
    "pillar": ("box", "H", "hydrant"), "wall": ("box", "H", "hydrant"), "dry_barrel": ("box", "H", "hydrant"),
    "underground": ("circle", "H", "hydrant"), "pipe": ("circle", "H", "hydrant"),
    "fire_hydrant": ("circle", "H", "hydrant"), "hydrant": ("circle", "H", "hydrant"),
}  # fmt: skip
"""Kind of water point: shape, letter, colour; what is not here (ponds, cisterns, suction points) is a W in a circle."""
OTHER_WATER = ("circle", "W", "accent")
