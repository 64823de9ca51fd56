"""What an extract consists of, for the parts that build base data from it; and what was wrong with it."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from shapely.geometry.base import BaseGeometry

Kind = Literal["node", "way", "area", "relation"]
OsmType = Literal["node", "way", "relation"]


class Element(NamedTuple):
    """One tagged thing of the map, geometry in WGS84 (longitude, latitude)."""

    kind: Kind
    """`node` is a Point, `way` a LineString, `area` a MultiPolygon; `relation` is a relation that draws nothing itself
    (a turn restriction, a street with its houses) and has no geometry."""
    id: int
    """OSM's id, unique with `osm_type`. A way whose middle is missing comes once for each piece that is left."""
    osm_type: OsmType
    """What it is in OSM: an area may be a closed way or a relation."""
    tags: Mapping[str, str]
    geometry: BaseGeometry | None
    refs: tuple[int, ...] = ()
    """The ids of a way's nodes, one for each position of its geometry; empty for everything else."""
    members: tuple[tuple[OsmType, int, str], ...] = ()
    """A relation's members: type, id, role."""


@dataclass
class Problems:
    """What was wrong with an extract: how often, and the first few by name."""

    counts: Counter[str] = field(default_factory=Counter)
    examples: dict[str, list[str]] = field(default_factory=dict)
    SHOWN = 5

    def add(self, what: str, which: str) -> None:
        """Count one; `what` is a short constant such as `missing_nodes`, `which` names it, such as `way 12`."""
        self.counts[what] += 1
        shown = self.examples.setdefault(what, [])
        if len(shown) < self.SHOWN:
            shown.append(which)


# A closed way with one of these is a line that comes back to its start, unless it says area=yes.
LINES = frozenset({"highway", "barrier", "railway", "power", "route", "aerialway", "addr:interpolation"})
LINE_VALUES = {
    "natural": frozenset({"cliff", "ridge", "tree_row", "coastline", "arete", "earth_bank"}),
    "waterway": frozenset({"river", "stream", "canal", "ditch", "drain", "weir", "brook"}),
    "man_made": frozenset({"embankment", "dyke", "cutline", "pipeline"}),
    "leisure": frozenset({"track", "slipway"}),
}
RAILWAY_AREAS = frozenset({"station", "platform", "turntable", "roundhouse", "traverser"})
POWER_AREAS = frozenset({"plant", "substation", "generator", "transformer"})


def is_area(tags: Mapping[str, str]) -> bool:
    """Does a closed way with these tags enclose an area? (OSM wiki, "Key:area": by key, `area` overrides.)"""
    said = tags.get("area")
    if said is not None:
        return said != "no"
    if "building" in tags or "landuse" in tags:
        return True
    if tags.get("railway") in RAILWAY_AREAS or tags.get("power") in POWER_AREAS:
        return True
    if not LINES.isdisjoint(tags):
        return "amenity" in tags or ("leisure" in tags and "barrier" in tags)
    return all(tags.get(key) not in values for key, values in LINE_VALUES.items())
