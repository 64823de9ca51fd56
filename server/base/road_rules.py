"""What OSM's tags say about driving and walking on a way or past a node (OSM wiki: Key:access, Key:barrier ...).

Read without regard to a vehicle: what a vehicle makes of it is `server.base.road_costs`. Unknown numbers are NaN.
"""

import re
from collections.abc import Mapping
from math import nan
from typing import NamedTuple

Tags = Mapping[str, str]

CLASSES = (
    *("motorway", "trunk", "primary", "secondary", "tertiary", "unclassified", "residential", "living_street"),
    *("service", "track", "pedestrian", "footway", "cycleway", "path", "steps"),
)
"""Road classes, the most important first; a graph stores their places in this list."""
SAME = {"road": "unclassified", "busway": "service", "bridleway": "path", "corridor": "footway", "via_ferrata": "steps"}
FIRST_FOR_WALKERS = CLASSES.index("pedestrian")
LOW_CLASSES = frozenset({"unclassified", "residential", "living_street", "service", "track", "pedestrian"})

LINK, ROUNDABOUT, BRIDGE, TUNNEL = 1, 2, 4, 8
ONLY_FORWARD, ONLY_BACKWARD = 16, 32
NO_MOTORS, PRIVATE, CLOSED, EMERGENCY = 64, 128, 256, 512
ROUGH, UNKNOWN_GROUND, LOW_ROOF, NO_HOSE = 1024, 2048, 4096, 8192
"""Flags of a way. NO_MOTORS: cars must not (a truck on an emergency run may); CLOSED: nobody can; EMERGENCY: for us;
ROUGH: only for the surest wheels; LOW_ROOF: a passage whose height nobody tagged; NO_HOSE: no hose may lie there."""

FREE, GATE, REMOVABLE, BLOCKED = 0, 1, 2, 3
"""What stands at a node: nothing, something to open, something to take out, something that stays."""

_FREE_BARRIERS = frozenset(
    {"cattle_grid", "toll_booth", "border_control", "entrance", "kerb", "height_restrictor", "no"}
)
_GATES = frozenset({"gate", "lift_gate", "swing_gate", "chain", "sliding_gate", "hampshire_gate", "rope"})
_OPEN = frozenset({"yes", "permissive", "designated", "destination", "customers", "delivery", "permit", "official"})
_REMOVABLE = frozenset({"removable", "foldable", "rising", "flexible"})
_KMH = {"walk": 7.0, "none": 130.0, "signals": nan, "variable": nan}
_ZONES = {"urban": 50.0, "rural": 100.0, "motorway": 130.0, "trunk": 100.0, "living_street": 7.0}
_NUMBER = re.compile(r"^\s*([0-9]+(?:[.,][0-9]+)?)\s*([a-z']*)\s*$")
_ZONE = re.compile(r"^zone:?([0-9]{1,2})$")
_FEET = re.compile(r"^\s*([0-9]+)'\s*(?:([0-9]+)(?:\"|'')?)?\s*$")
MOST_KMH = 300.0
KMH_PER_MPH, M_PER_FOOT, T_PER_SHORT_TON = 1.609344, 0.3048, 0.90718474
_UNITS = {"": 1.0, "m": 1.0, "t": 1.0, "st": T_PER_SHORT_TON, "ft": M_PER_FOOT, "cm": 0.01, "kg": 0.001}


class Way(NamedTuple):
    """A road or path. Speeds in km/h, lengths in metres, weight in tonnes, as tagged."""

    road_class: int
    flags: int
    name: str
    ref: str
    forward_kmh: float
    backward_kmh: float
    max_height_m: float
    max_weight_t: float
    max_width_m: float
    width_m: float


def way(tags: Tags) -> Way | None:
    """The way as tagged; None for what nobody can drive or walk on (planned, under construction, a race track)."""
    highway = tags.get("highway", "")
    base = highway.removesuffix("_link")
    base = SAME.get(base, base)
    if base not in CLASSES or tags.get("area") == "yes":
        return None
    both = speed_kmh(tags.get("maxspeed"))
    return Way(
        road_class=CLASSES.index(base),
        flags=_flags(tags, highway, base),
        name=tags.get("name", ""),
        ref=tags.get("ref", ""),
        forward_kmh=_first(speed_kmh(tags.get("maxspeed:forward")), both),
        backward_kmh=_first(speed_kmh(tags.get("maxspeed:backward")), both),
        max_height_m=_first(number(tags.get("maxheight:physical")), number(tags.get("maxheight"))),
        max_weight_t=number(tags.get("maxweight")),
        max_width_m=_first(number(tags.get("maxwidth:physical")), number(tags.get("maxwidth"))),
        width_m=number(tags.get("width")),
    )


def _flags(tags: Tags, highway: str, base: str) -> int:
    flags = LINK if highway.endswith("_link") else 0
    flags |= ROUNDABOUT if tags.get("junction") in ("roundabout", "circular") else 0
    flags |= BRIDGE if tags.get("bridge", "no") != "no" else 0
    flags |= TUNNEL if tags.get("tunnel", "no") != "no" else 0
    if (tags.get("tunnel") == "building_passage" or tags.get("covered") == "yes") and "maxheight" not in tags:
        flags |= LOW_ROOF
    return flags | _oneway(tags, base) | _access(tags, base) | _ground(tags, base)


def _oneway(tags: Tags, base: str) -> int:
    said = tags.get("oneway:emergency", tags.get("oneway"))
    if said in ("-1", "reverse"):
        return ONLY_BACKWARD
    if said in ("yes", "true", "1"):
        return ONLY_FORWARD
    if said == "reversible":
        return ONLY_FORWARD | ONLY_BACKWARD  # by the hour, and nobody tells us which
    implied = base == "motorway" or tags.get("junction") in ("roundabout", "circular")
    return ONLY_FORWARD if said is None and implied else 0


def _access(tags: Tags, base: str) -> int:
    """The most special word counts: emergency, then motor vehicles, vehicles, everybody."""
    hose = NO_HOSE if base in ("motorway", "trunk") else 0
    own = tags.get("emergency")
    if own in ("yes", "designated", "official") or tags.get("service") == "emergency_access":
        return EMERGENCY | hose
    if own == "no":
        return CLOSED | hose
    for key in ("motorcar", "motor_vehicle", "vehicle"):
        if (said := tags.get(key)) is not None:
            return hose | _motors(said)
    everybody = tags.get("access")
    if everybody == "no":
        return CLOSED | hose
    walkers = NO_MOTORS if CLASSES.index(base) >= FIRST_FOR_WALKERS else 0
    return hose | walkers | (PRIVATE if everybody == "private" else 0)


def _motors(said: str) -> int:
    if said in _OPEN:
        return 0
    return PRIVATE if said == "private" else NO_MOTORS


def _ground(tags: Tags, base: str) -> int:
    if tags.get("smoothness") in ("very_horrible", "impassable"):
        return ROUGH
    if base != "track":
        return 0
    grade = tags.get("tracktype")
    if grade in ("grade4", "grade5"):
        return ROUGH
    paved = tags.get("surface") in ("asphalt", "concrete", "paving_stones", "sett", "compacted", "paved")
    return 0 if grade in ("grade1", "grade2") or paved else UNKNOWN_GROUND


def barrier(tags: Tags) -> int:
    """What stands at a node: FREE, GATE, REMOVABLE or BLOCKED."""
    kind = tags.get("barrier")
    if kind is None or kind in _FREE_BARRIERS:
        return FREE
    if tags.get("emergency") in ("yes", "designated"):
        return GATE
    if kind in _GATES:
        return BLOCKED if tags.get("emergency") == "no" else GATE
    if kind == "bollard" and (tags.get("bollard") in _REMOVABLE or tags.get("motor_vehicle") in _OPEN):
        return REMOVABLE
    return BLOCKED


def is_crossing_of_rails(tags: Tags) -> bool:
    """A level crossing: a hose that lies over rails is cut by the next train."""
    return tags.get("railway") in ("level_crossing", "crossing")


def cuts_hoses(tags: Tags) -> bool:
    """A line that no hose is laid across: rails on the ground, motorways, rivers."""
    if tags.get("tunnel", "no") != "no" or tags.get("bridge", "no") != "no":
        return False
    if tags.get("highway", "").removesuffix("_link") in ("motorway", "trunk"):
        return True
    return tags.get("railway") in ("rail", "light_rail", "narrow_gauge") or tags.get("waterway") in ("river", "canal")


def speed_kmh(text: str | None) -> float:
    """A speed limit in km/h: `50`, `30 mph`, `walk`, `none`, `DE:urban`; NaN for what says no number."""
    if text is None:
        return nan
    text = text.strip().lower()
    if text in _KMH:
        return _KMH[text]
    _, zone, kind = text.partition(":")
    if zone:
        in_zone = _ZONE.match(kind)
        return _ZONES.get(kind, nan) if in_zone is None else float(in_zone[1])
    found = _NUMBER.match(text.replace("km/h", "").replace("kmh", ""))
    if found is None:
        return nan
    value, unit = float(found[1].replace(",", ".")), found[2]
    kmh = value * KMH_PER_MPH if unit == "mph" else value if unit == "" else nan
    return kmh if 0 < kmh <= MOST_KMH else nan


def number(text: str | None) -> float:
    """A length in metres or a weight in tonnes: `3.8`, `3,8 m`, `12'6"`, `7.5 t`; NaN for words and nonsense."""
    if text is None:
        return nan
    text = text.strip().lower()
    feet = _FEET.match(text)
    if feet is not None:
        return (float(feet[1]) + float(feet[2] or 0) / 12.0) * M_PER_FOOT
    found = _NUMBER.match(text)
    if found is None or found[2] not in _UNITS:
        return nan
    value = float(found[1].replace(",", ".")) * _UNITS[found[2]]
    return value if value > 0 else nan


def _first(one: float, other: float) -> float:
    return other if one != one else one
