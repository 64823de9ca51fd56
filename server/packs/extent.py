"""How far base data reaches: what was built lies also beyond the area that the extract's header names.

Extracts are cut at whole ways, so a hydrant may stand some hundred metres outside. A misplaced one at 0, 0 may not make
every pack of the district one of half the world: what is farther away than the map is drawn is in no pack.
"""

from server.base.base import Base
from server.base.extract import Box
from server.base.tiles import REACH_DEG

POINTS = (
    ("water_points", "lon_deg", "lat_deg"),
    ("address_houses", "lon", "lat"),
    ("address_streets", "lon", "lat"),
    ("address_objects", "lon", "lat"),
)
"""Table and columns of what a pack holds by its place."""
LEAST_DEG = 0.01
"""No area is narrower: base data of a single point, or of one street that runs due east, is a place, too."""


class Reach:
    """Of one base: `base.get(Reach)`."""

    def __init__(self, base: Base) -> None:
        west, south, east, north = base.manifest.bbox
        self.drawn: Box = (west - REACH_DEG, south - REACH_DEG, east + REACH_DEG, north + REACH_DEG)
        """Everything that was built, but for what lies far off."""
        self.told: Box = _least(_with_points(base, self.drawn))
        """What the base data covers: the area that the extract names and whatever has a place beyond it."""


def _with_points(base: Base, within: Box) -> Box:
    west, south, east, north = base.manifest.bbox
    tables = {row[0] for row in base.db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    for table, lon, lat in POINTS:
        if table not in tables:
            continue
        sql = f"""SELECT min({lon}), min({lat}), max({lon}), max({lat}) FROM {table}
            WHERE {lon} BETWEEN ? AND ? AND {lat} BETWEEN ? AND ?"""  # noqa: S608
        found = base.db.execute(sql, (within[0], within[2], within[1], within[3])).fetchone()
        if found[0] is not None:
            west, south = min(west, found[0]), min(south, found[1])
            east, north = max(east, found[2]), max(north, found[3])
    return west, south, east, north


def _least(box: Box) -> Box:
    """The box, grown about its middle where it is narrower than an area may be."""
    west, south, east, north = box
    wider, higher = (max(0.0, LEAST_DEG - (high - low)) / 2 for low, high in ((west, east), (south, north)))
    return west - wider, south - higher, east + wider, north + higher
