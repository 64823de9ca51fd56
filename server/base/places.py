"""Points that matter in a mission: stations, hospitals, assembly points, key safes, people who need help to get out.

Table `places`: one row a place, areas by a point inside them.
"""

import json
from collections import Counter
from collections.abc import Mapping

import shapely

from server.base.base import Base
from server.base.build import Output, Part
from server.base.elements import Element

RULES: tuple[tuple[str, str, str], ...] = (
    # key, value, kind; the first that fits wins (docs/base.md lists them)
    ("amenity", "fire_station", "fire_station"),
    ("emergency", "fire_station", "fire_station"),
    ("emergency", "ambulance_station", "ambulance_station"),
    ("amenity", "police", "police"),
    ("amenity", "hospital", "hospital"),
    ("healthcare", "hospital", "hospital"),
    ("amenity", "clinic", "clinic"),
    ("amenity", "doctors", "doctors"),
    ("amenity", "pharmacy", "pharmacy"),
    ("emergency", "assembly_point", "assembly_point"),
    ("emergency", "landing_site", "landing_site"),
    ("aeroway", "helipad", "landing_site"),
    ("emergency", "key_depot", "key_safe"),
    ("emergency", "key_safe", "key_safe"),
    ("emergency", "defibrillator", "defibrillator"),
    ("emergency", "first_aid", "first_aid"),
    ("emergency", "siren", "siren"),
    ("emergency", "access_point", "rescue_point"),
    ("highway", "emergency_access_point", "rescue_point"),
    ("emergency", "control_centre", "control_centre"),
    ("emergency", "water_rescue", "water_rescue"),
    ("emergency", "mountain_rescue", "mountain_rescue"),
    ("emergency", "disaster_response", "disaster_response"),
    ("office", "disaster_response", "disaster_response"),
    ("amenity", "rescue_station", "ambulance_station"),
    ("amenity", "school", "school"),
    ("amenity", "kindergarten", "kindergarten"),
    ("amenity", "childcare", "kindergarten"),
    ("amenity", "university", "university"),
    ("amenity", "college", "university"),
    ("amenity", "nursing_home", "care_home"),
    ("amenity", "social_facility", "care_home"),
    ("social_facility", "nursing_home", "care_home"),
    ("amenity", "prison", "prison"),
    ("amenity", "townhall", "town_hall"),
    ("amenity", "community_centre", "community_centre"),
    ("amenity", "place_of_worship", "place_of_worship"),
    ("amenity", "fuel", "fuel"),
    ("amenity", "theatre", "assembly_hall"),
    ("amenity", "cinema", "assembly_hall"),
    ("amenity", "events_venue", "assembly_hall"),
    ("leisure", "stadium", "stadium"),
    ("railway", "station", "station"),
    ("tourism", "hotel", "hotel"),
    ("tourism", "museum", "museum"),
    ("tourism", "camp_site", "camp_site"),
    ("power", "substation", "substation"),
    ("man_made", "gasometer", "gas"),
    ("industrial", "chemical", "hazardous_site"),
)
_BY_KEY: dict[str, dict[str, str]] = {}
for _key, _value, _kind in RULES:
    _BY_KEY.setdefault(_key, {})[_value] = _kind
_TABLE = """
CREATE TABLE places (
    id INTEGER PRIMARY KEY, kind TEXT NOT NULL, name TEXT, ref TEXT, lat_deg REAL NOT NULL, lon_deg REAL NOT NULL,
    osm_type TEXT NOT NULL, osm_id INTEGER NOT NULL, tags TEXT NOT NULL
) STRICT
"""
KEPT = (
    *("operator", "phone", "contact:phone", "emergency:phone", "opening_hours", "indoor", "level", "access"),
    *("capacity", "beds", "description", "social_facility:for"),
    *("addr:street", "addr:housenumber", "addr:postcode", "addr:city"),
)


def kind_of(tags: Mapping[str, str]) -> str | None:
    """Which kind of place these tags speak of; None for none of ours."""
    for key, kinds in _BY_KEY.items():
        value = tags.get(key)
        if value is not None and value in kinds:
            return kinds[value]
    return None


def name_of(tags: Mapping[str, str]) -> str | None:
    """The German name before the local one."""
    return tags.get("name:de") or tags.get("name")


class Places:
    """The part `places`."""

    name = "places"

    def __init__(self) -> None:
        self._rows: list[tuple[object, ...]] = []

    def wants(self, tags: Mapping[str, str]) -> bool:
        """Anything in RULES."""
        return kind_of(tags) is not None

    def take(self, element: Element) -> None:
        """Keep a point of it; a line (a school's fence) is no place."""
        if element.kind not in ("node", "area") or element.geometry is None:
            return
        tags = element.tags
        point = shapely.point_on_surface(element.geometry)
        self._rows.append(
            (
                kind_of(tags),
                name_of(tags),
                tags.get("ref"),
                round(point.y, 7),
                round(point.x, 7),
                element.osm_type,
                element.id,
                json.dumps({key: tags[key] for key in KEPT if key in tags}, ensure_ascii=False),
            )
        )

    def finish(self, out: Output) -> dict[str, int]:
        """Write the table."""
        out.db.execute(_TABLE)
        out.db.executemany(
            "INSERT INTO places (kind, name, ref, lat_deg, lon_deg, osm_type, osm_id, tags) VALUES (?,?,?,?,?,?,?,?)",
            self._rows,
        )
        out.db.execute("CREATE INDEX places_where ON places (lat_deg, lon_deg)")
        return dict(sorted(Counter(str(row[0]) for row in self._rows).items()))


def part() -> Part:
    """For `build.PARTS`."""
    return Places()


def within(base: Base, west: float, south: float, east: float, north: float) -> list[dict[str, object]]:
    """The places in a box of degrees, ordered by id."""
    rows = base.db.execute(
        "SELECT * FROM places WHERE lat_deg BETWEEN ? AND ? AND lon_deg BETWEEN ? AND ? ORDER BY id",
        (south, north, west, east),
    )
    return [{**dict(row), "tags": json.loads(row["tags"])} for row in rows]
