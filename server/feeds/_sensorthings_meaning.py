"""What a datastream of SensorThings measures: by the settings, else by its type, its unit and its names."""

import re
from collections.abc import Mapping
from typing import Any

from msgspec import UNSET, Struct, UnsetType

from layers.observation import Geometry
from server.feeds import INVALID, DecodeError
from server.feeds._geometry import BadGeometry, position

_PEOPLE = re.compile(r"person|people|pedestrian|passant|fu(?:ß|ss)g|besucher|visitor|crowd|menschen")
_OTHERS = re.compile(r"fahrr|bike|bicycle|cycl|rad(?:verkehr|fahr)|kfz|pkw|lkw|vehicle|fahrzeug|\bcars?\b")
_MEASURES = (
    (re.compile(r"noise|sound|l(?:ä|ae)rm|schall|leq|\bdb"), "noiseLevel"),
    (re.compile(r"temperatur"), "temperature"),
    (re.compile(r"humidity|feucht"), "humidity"),
    (re.compile(r"pressure|luftdruck"), "pressure"),
    (re.compile(r"wind.?speed|windgeschw"), "wind_speed"),
    (re.compile(r"pm2[.,]?5"), "pm25"),
    (re.compile(r"pm10"), "pm10"),
    (re.compile(r"\bco2|carbon dioxide"), "co2"),
    (re.compile(r"battery|batterie"), "battery"),
)
_UNITS = {"db": "noiseLevel", "db(a)": "noiseLevel", "dba": "noiseLevel", "°c": "temperature", "degc": "temperature"}


_PER_AREA = re.compile(r"(?:\w{0,20}\s?(?:/|per|pro)\s?|1/|^)(?:m²|m2|m\^2|qm|m-2|m⁻²)", re.IGNORECASE)
"""Units of persons per area."""


class StreamSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the settings say of a datastream.

    `kind`: count (persons in a region now), line (persons over a line), inbound_total, outbound_total, position, or a
    measure (noiseLevel, temperature ...). `path` leads to the value in a result that is an object, `sum` to several
    that are added. `region` is the subject of the region counted for, `direction` inbound or outbound.
    """

    kind: str | None = None
    path: str | None = None
    sum: tuple[str, ...] = ()
    name: str | None = None
    region: str | None = None
    direction: str | None = None
    lon: float | None = None
    lat: float | None = None

    @property
    def geometry(self) -> Geometry | UnsetType:
        """Where it is, UNSET where the settings do not say. Raises DecodeError for what cannot be."""
        if self.lon is None or self.lat is None:
            return UNSET
        try:
            return {"type": "Point", "coordinates": position(self.lon, self.lat)}
        except BadGeometry as error:
            raise DecodeError(f"the settings of this source: {error}", INVALID) from error


class Stream(Struct, frozen=True, kw_only=True):
    """What a message says of a datastream: the last part of its observationType, units, all its words in lower case."""

    name: str | None = None
    kind: str = ""
    units: tuple[str, ...] = ()
    words: str = ""
    geometry: Geometry | UnsetType = UNSET

    def meaning(self) -> str | None:
        """count, or a measure; None where nothing says it. Bicycles and cars are not persons."""
        if _PEOPLE.search(self.words) and any(_PER_AREA.fullmatch(unit.strip()) for unit in self.units):
            return "density"
        if self.kind == "OM_CountObservation" or _PEOPLE.search(self.words):
            if _OTHERS.search(self.words):
                return "vehicles"
            return "count" if _PEOPLE.search(self.words) else "number"
        unit = next((_UNITS[unit.casefold()] for unit in self.units if unit.casefold() in _UNITS), None)
        return unit or next((measure for pattern, measure in _MEASURES if pattern.search(self.words)), None)


def value_of(result: Any, path: str | None) -> Any:
    """The result, or what is at the path in it (with or without `result.` before it)."""
    for part in (path or "").removeprefix("result").strip(".").split("."):
        if not part:
            continue
        if isinstance(result, Mapping):
            result = result.get(part)
        elif isinstance(result, list) and part.isascii() and part.isdecimal() and len(part) < 6:
            result = result[int(part)] if int(part) < len(result) else None
        else:
            return None
    return result


def people(result: Any, mapping: StreamSettings) -> int | None:
    """A whole number of persons, also written as text; None for what is none."""
    if mapping.sum:
        parts = [_whole(value_of(result, path)) for path in mapping.sum]
        known = [part for part in parts if part is not None]
        return sum(known) if len(known) == len(parts) else None
    return _whole(value_of(result, mapping.path))


def _whole(value: Any) -> int | None:
    if isinstance(value, str) and len(value) < 20:
        try:
            value = float(value)
        except ValueError:
            return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 2**40:
        return None
    return int(value) if value == int(value) else None
