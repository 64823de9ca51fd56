"""What OSM's tags say about water for fire fighting (OSM wiki: Tag:emergency=fire_hydrant and its neighbours)."""

import re
from collections.abc import Mapping
from typing import NamedTuple

Tags = Mapping[str, str]

HYDRANTS = {
    "pillar": "pillar", "underground": "underground", "wall": "wall", "pipe": "pipe", "dry_barrel": "pillar",
    "wet_barrel": "pillar", "pond": "fire_water_pond",
}  # fmt: skip
POINTS = frozenset({"fire_hydrant", "suction_point", "water_tank", "fire_water_pond"})
BODIES = {"river": "river", "canal": "canal", "stream": "stream"}
_DIAMETER = re.compile(r"^\s*(?:dn|ø)?\s*([0-9]+(?:[.,][0-9]+)?)\s*(mm|cm|\"|in|inch|inches|zoll)?\s*$")
_FLOW = re.compile(r"^\s*([0-9]+(?:[.,][0-9]+)?)\s*(l/min|l/m|lpm|l/s|m3/h|m³/h|gpm)?\s*$")
_PRESSURE = re.compile(r"^\s*([0-9]+(?:[.,][0-9]+)?)\s*(bar|psi|kpa)?\s*$")
_VOLUME = re.compile(r"^\s*([0-9]+(?:[.,][0-9]+)?)\s*(m3|m³|l|)\s*$")
_TO_MM = {"mm": 1.0, "cm": 10.0, "": 1.0}
_TO_LPM = {"l/s": 60.0, "m3/h": 1000.0 / 60.0, "m³/h": 1000.0 / 60.0, "gpm": 3.785412}
_TO_BAR = {"psi": 0.0689476, "kpa": 0.01}
MM_PER_INCH = 25.4


class WaterPoint(NamedTuple):
    """Where a hose can be joined. `kind`: pillar, underground, wall, pipe, hydrant (nobody said which), suction_point,
    water_tank, fire_water_pond."""

    kind: str
    ref: str | None
    position: str | None
    """lane, sidewalk, parking_lot, green ..."""
    diameter_mm: int | None
    couplings: str | None
    flow_lpm: int | None
    pressure_bar: float | None
    """0: suction only."""
    volume_l: int | None


def point(tags: Tags) -> WaterPoint | None:
    """The water point; None for anything else and for one that is out of order."""
    emergency = tags.get("emergency")
    if emergency not in POINTS and tags.get("amenity") == "fire_hydrant":
        emergency = "fire_hydrant"  # as it was mapped before 2010
    if emergency not in POINTS or tags.get("disused") == "yes" or tags.get("fire_hydrant:in_service") == "no":
        return None
    if tags.get("operational_status") in ("closed", "out_of_order", "needs_maintenance"):
        return None
    kind = emergency
    if emergency == "fire_hydrant":
        kind = HYDRANTS.get(tags.get("fire_hydrant:type", ""), "hydrant")
    pressure = tags.get("fire_hydrant:pressure", tags.get("pressure"))
    flow = tags.get("fire_hydrant:flow_rate", tags.get("flow_rate", tags.get("fire_hydrant:flow_capacity")))
    volume = tags.get("water_tank:volume", tags.get("water_volume", tags.get("volume")))
    return WaterPoint(
        kind=kind,
        ref=tags.get("ref"),
        position=tags.get("fire_hydrant:position"),
        diameter_mm=_diameter_mm(tags.get("fire_hydrant:diameter", tags.get("diameter"))),
        couplings=tags.get("couplings", tags.get("fire_hydrant:couplings")),
        flow_lpm=_whole(_measured(_FLOW, flow, _TO_LPM)),
        pressure_bar=0.0 if pressure == "suction" else _measured(_PRESSURE, pressure, _TO_BAR),
        volume_l=_whole(_measured(_VOLUME, volume, {"m3": 1000.0, "m³": 1000.0, "": 1000.0})),
    )


def body(tags: Tags) -> str | None:
    """The kind of open water an engine could draw from: river, canal, stream, pond, lake; None for everything else."""
    if tags.get("tunnel", "no") != "no" or tags.get("intermittent") == "yes" or tags.get("covered") == "yes":
        return None
    if (kind := BODIES.get(tags.get("waterway", ""))) is not None:
        return kind
    if tags.get("natural") == "water" or tags.get("landuse") in ("reservoir", "basin"):
        water = tags.get("water", tags.get("landuse", ""))
        if water in ("wastewater", "infiltration", "detention") or tags.get("basin") in ("infiltration", "detention"):
            return None
        return water if water in ("river", "canal", "stream", "pond", "lake", "reservoir", "basin") else "lake"
    return None


def _diameter_mm(text: str | None) -> int | None:
    if text is None:
        return None
    found = _DIAMETER.match(text.lower())
    if found is None:
        return None
    return _whole(float(found[1].replace(",", ".")) * _TO_MM.get(found[2] or "", MM_PER_INCH))


def _measured(pattern: re.Pattern[str], text: str | None, factors: Mapping[str, float]) -> float | None:
    found = pattern.match(text.lower()) if text is not None else None
    if found is None:
        return None
    return round(float(found[1].replace(",", ".")) * factors.get(found[2] or "", 1.0), 2)


def _whole(value: float | None) -> int | None:
    return None if value is None else round(value)
