"""Flat tables of features: what GIS programs can make columns of, the same for every feature of a collection.

An object becomes a column per key (`address_street`); a list, a geometry and what has keys of its own becomes text in
JSON. A column has one type; where values are of several, they become text.
"""

import re
from collections.abc import Iterable
from typing import Any

import msgspec

Properties = dict[str, Any]
KEY = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")
MOST_KEYS = 24
"""An object with more keys stays one column."""
FIRST = (
    *("layer", "part", "title", "exercise", "situation", "observed_at", "reported_at", "received_at", "stale_at"),
    *("expires_at", "rev", "accuracy_m"),
)
"""Columns that every live feature has, in this order before all others."""
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z")
NUMBERS = ("_m", "_m2", "_mps", "_s", "_deg", "_pct", "_pm2", "_pm2_per_min", "_per_min", "_bar", "_score")
"""A name that ends in a unit is a number, also where nobody told one; one in `_at` a time."""
TYPES: dict[type, str] = {bool: "boolean", int: "integer", float: "number", str: "string"}
SCHEMAS: dict[str, dict[str, str]] = {
    "boolean": {"type": "boolean"},
    "integer": {"type": "integer"},
    "number": {"type": "number"},
    "string": {"type": "string"},
    "date-time": {"type": "string", "format": "date-time"},
}


def text(value: Any) -> str:
    """A value as text: itself, else its JSON."""
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def flat(properties: Properties) -> tuple[Properties, set[str]]:
    """The properties without objects and lists, and the names of objects that were taken apart."""
    told: Properties = {}
    apart: set[str] = set()
    for name, value in properties.items():
        if isinstance(value, dict):
            if _is_plain(name, value, properties):
                apart.add(name)
                told.update((f"{name}_{key}", _cell(item)) for key, item in value.items())
                continue
            told[name] = text(value) if value else None
        else:
            told[name] = _cell(value)
    return told, apart


def _is_plain(name: str, value: dict[str, Any], beside: Properties) -> bool:
    if "coordinates" in value or not 0 < len(value) <= MOST_KEYS:
        return False
    return all(KEY.fullmatch(key) and f"{name}_{key}" not in beside for key in value)


def _cell(value: Any) -> Any:
    if isinstance(value, (dict, list)):
        return text(value) if value else None
    return value


def aligned(rows: Iterable[Properties]) -> tuple[dict[str, str], list[Properties]]:
    """Columns with their types, and every row with all of them, null where it has nothing.

    Types: boolean, integer, number, string, date-time.
    """
    flats: list[Properties] = []
    apart: set[str] = set()
    kinds: dict[str, set[str]] = {}
    for row in rows:
        told, objects = flat(row)
        flats.append(told)
        apart |= objects
        for name, value in told.items():
            found = kinds.setdefault(name, set())
            if value is not None:
                found.add(_kind(value))
    # An object that is null in one row and taken apart in another leaves no column of its own.
    names = [name for name in kinds if kinds[name] or name not in apart]
    ordered = [name for name in FIRST if name in kinds] + sorted(name for name in names if name not in FIRST)
    types = {name: _one(name, kinds[name]) for name in ordered}
    return types, [{name: _cast(told.get(name), types[name]) for name in ordered} for told in flats]


def _kind(value: Any) -> str:
    kind = TYPES[type(value)]
    return "date-time" if kind == "string" and TIME.fullmatch(value) else kind


def _one(name: str, kinds: set[str]) -> str:
    if kinds <= {"integer", "number"} and (len(kinds) == 2 or name.endswith(NUMBERS)):
        return "number"
    if kinds <= {"date-time"} and name.endswith("_at"):
        return "date-time"
    return next(iter(kinds)) if len(kinds) == 1 else "string"


def _cast(value: Any, kind: str) -> Any:
    if value is None or kind == "date-time":
        return value
    if kind == "string":
        return text(value)
    return float(value) if kind == "number" else value


def schema(title: str, types: dict[str, str], address: str, geometry: str) -> dict[str, Any]:
    """JSON Schema of a feature, as the collection's link `describedby` gives it."""
    told = {name: dict(SCHEMAS[kind]) for name, kind in types.items()}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": address,
        "type": "object",
        "title": title,
        "required": ["type", "geometry", "properties"],
        "properties": {
            "type": {"type": "string", "enum": ["Feature"]},
            "geometry": {"$ref": f"https://geojson.org/schema/{geometry}.json"},
            "properties": {"type": "object", "properties": told},
        },
    }
