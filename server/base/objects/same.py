"""Which hydrants of the operator's tables are water points of the map, so that each is told once (docs/adr/0132).

The same are two that carry the same number within `SAME_REF_M`, or are of the same type within `NEAR_M`. Each has at
most one partner: the same number goes before the same type, and of those the nearest.
"""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import shapely

from layers.geo import distance_m
from server.base.base import Base
from server.base.objects.rows import Own
from server.base.objects.store import Stored
from server.base.search import M_PER_DEG

NEAR_M, SAME_REF_M = 8.0, 60.0
TYPES = frozenset({"hydrant", "pillar", "underground", "wall", "pipe"})
"""`hydrant` is one whose type nobody said: it may be any of these."""
FACTS = ("ref", "position", "diameter_mm", "couplings", "flow_lpm", "pressure_bar", "volume_l")
KEPT = 32

Row = dict[str, Any]


class MapWater:
    """Reader for `Base.get`: the water points of the map. Raises sqlite3.OperationalError where there is no table."""

    def __init__(self, base: Base) -> None:
        self.rows: list[Row] = [dict(row) for row in base.db.execute("SELECT * FROM water_points ORDER BY id")]
        places = np.array([(row["lon_deg"], row["lat_deg"]) for row in self.rows], dtype=np.float64).reshape(-1, 2)
        points: Any = shapely.points(places)
        self._tree = shapely.STRtree(points)
        self._known: OrderedDict[int, tuple[Sequence[Stored], dict[int, int]]] = OrderedDict()

    def same(self, rows: Sequence[Stored]) -> Mapping[int, int]:
        """Places in `rows` with the place in ours that is the same; `rows` as `Objects.of_kind` gives them."""
        known = self._known.get(id(rows))
        if known is None or known[0] is not rows:
            while len(self._known) >= KEPT:
                self._known.popitem(last=False)
            known = self._known[id(rows)] = (rows, self._pairs(rows))
        return known[1]

    def _pairs(self, rows: Sequence[Stored]) -> dict[int, int]:
        found: list[tuple[bool, float, int, int]] = []
        for place, stored in enumerate(rows):
            own = stored.own
            if own.geometry["type"] != "Point":
                continue
            lon, lat = own.geometry["coordinates"][:2]
            dlat = SAME_REF_M / M_PER_DEG
            dlon = dlat / max(0.01, float(np.cos(np.radians(lat))))
            for other in self._tree.query(shapely.box(lon - dlon, lat - dlat, lon + dlon, lat + dlat)).tolist():
                row = self.rows[other]
                metres = distance_m(lon, lat, row["lon_deg"], row["lat_deg"])
                numbered = _number(own.ref) == _number(row["ref"]) != ""
                if (numbered and metres <= SAME_REF_M) or (metres <= NEAR_M and _is_type(own.hydrant, row["kind"])):
                    found.append((not numbered, metres, place, other))
        taken, told = set[int](), dict[int, int]()
        for _, _, place, other in sorted(found):
            if place not in told and other not in taken:
                told[place] = other
                taken.add(other)
        return told


def facts(own: Own, row: Mapping[str, Any] | None) -> Row:
    """What is known of an own hydrant: its table's word, and where that is silent the map's (None: nothing)."""
    kind = own.hydrant or "hydrant"
    told: Row = {"kind": kind, "ref": own.ref or None}
    told |= {"diameter_mm": own.diameter_mm, "flow_lpm": own.flow_lpm, "pressure_bar": own.pressure_bar}
    if row is not None:
        told["kind"] = row["kind"] if kind == "hydrant" else kind
        for name in FACTS:
            if told.get(name) is None:
                told[name] = row[name]
    return told


def osm(row: Mapping[str, Any]) -> str:
    """What the tiles and packs call a water point of the map, such as `node123`."""
    return f"{row['osm_type']}{row['osm_id']}"


def _number(ref: str | None) -> str:
    return "".join((ref or "").casefold().split())


def _is_type(own: str | None, other: str) -> bool:
    kind = own or "hydrant"
    return kind == other or (kind in TYPES and other in TYPES and "hydrant" in (kind, other))
