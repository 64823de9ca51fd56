"""What an attribute's value may look like on the wire, and what it becomes. Units are converted here, once.

A reader takes the value as written and the `Reading` (limits, zone; flags to set); it returns the domain's value,
`None` for "unknown, or no longer", `UNSET` for "says nothing", or raises `Bad` with the reason.
"""

import math
import re
from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from msgspec import UNSET, Struct, UnsetType

from layers.content import Address
from layers.observation import Geometry
from server.feeds import Context
from server.feeds._geometry import BadGeometry, NoPosition, geojson
from server.feeds._times import interval, moment

LINK_SCHEMES = frozenset({"http", "https", "rtsp", "rtsps", "rtmp", "rtmps", "srt"})
"""A link of another scheme (javascript:, data:, file:) is refused: clients offer links to click."""
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2069\u061c\ufeff]")
_NUMBER = re.compile(r"[+-]?(?:\d+(?:[.,]\d*)?|[.,]\d+)(?:[eE][+-]?\d{1,3})?", re.ASCII)
_PAIR = re.compile(r"\s*[+-]?\d{1,3}(?:\.\d{1,18})?\s*,\s*[+-]?\d{1,3}(?:\.\d{1,18})?\s*", re.ASCII)
_TRUE, _FALSE = frozenset({"true", "1", "yes", "on"}), frozenset({"false", "0", "no", "off"})
MAX_WHOLE = 2**53
"""Whole numbers beyond this are not exact in JSON."""


class Bad(ValueError):
    """The value cannot be read; the message says why."""


class Reading(Struct):
    """What a reader knows beside the value, and where it leaves its flags."""

    context: Context
    flags: set[str]


Reader = Callable[[Any, Reading], Any]


def visible(text: str) -> str:
    """Without zero-width characters, byte order marks and blanks around it."""
    return text.strip() if text.isascii() else _INVISIBLE.sub("", text).strip()


def text(value: Any, reading: Reading) -> str | None:
    """Text; a number or boolean is written out. Blank text is None."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    if value is None:
        return None
    if not isinstance(value, str):
        raise Bad("text is expected")
    if len(value) > reading.context.limits.text_chars:
        raise Bad(f"text of more than {reading.context.limits.text_chars} characters")
    return value.strip() or None


def name(value: Any, reading: Reading) -> str | None:
    """A name of something else (an id): text of at most 256 characters."""
    found = text(value, reading)
    if found is not None and len(found) > 256:
        raise Bad("an id of more than 256 characters")
    return found


def number(value: Any, _reading: Reading) -> float | None:
    """A finite number, also written as text, also with a decimal comma. Blank text is None."""
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise Bad("a number is expected")
    if isinstance(value, str) and not _NUMBER.fullmatch(value.strip()):
        raise Bad("a number is expected")
    try:
        found = float(value.strip().replace(",", ".") if isinstance(value, str) else value)
    except OverflowError as error:
        raise Bad("a number is too large") from error
    if not math.isfinite(found):
        raise Bad("a number is too large")
    return found


def within(low: float, high: float, factor: float = 1.0) -> Reader:
    """A number from `low` to `high` as written, then multiplied by `factor` (for units)."""

    def read(value: Any, reading: Reading) -> float | None:
        found = number(value, reading)
        if found is None:
            return None
        if not low <= found <= high:
            raise Bad(f"{found:g} is not within {low:g} to {high:g}")
        return found if factor == 1.0 else round(found * factor, 6)

    return read


share = within(0, 1)
percent = within(0, 100)
kmh = within(0, 2_000, 1 / 3.6)
"""Kilometres per hour, turned into metres per second."""
mps = within(-1_000, 1_000)
seconds = within(0, 1e9)
not_negative = within(0, 1e9)


def degrees(value: Any, reading: Reading) -> float | None:
    """Degrees clockwise from north, folded into 0 up to 360."""
    found = within(-3_600, 3_600)(value, reading)
    return None if found is None else found % 360.0


def whole(low: int = 0, high: int = MAX_WHOLE) -> Reader:
    """A whole number; 3.0 and "3" are 3."""

    def read(value: Any, reading: Reading) -> int | None:
        found = within(low, high)(value, reading)
        if found is None:
            return None
        if found != int(found):
            raise Bad("a whole number is expected")
        return int(found)

    return read


count = whole()


def flag(value: Any, _reading: Reading) -> bool | None:
    """A boolean; as text or number too."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int | float) and value in (0, 1):
        return bool(value)
    word = value.strip().lower() if isinstance(value, str) else "?"
    if word in _TRUE or word in _FALSE:
        return word in _TRUE
    if not word:
        return None
    raise Bad("true or false is expected")


def choice(*words: str, unknown: str = "unknown", also: dict[str, str] | None = None) -> Reader:
    """One of the words, in whatever case; `also` are further spellings. Another word becomes `unknown`."""
    known = {word.casefold(): word for word in words} | {key.casefold(): word for key, word in (also or {}).items()}

    def read(value: Any, reading: Reading) -> str | None:
        found = text(value, reading)
        return None if found is None else known.get(visible(found).casefold(), unknown)

    return read


def time(value: Any, reading: Reading) -> datetime | None:
    """A moment in UTC. A zone that is missing is assumed and flagged."""
    if value is None or value == "":
        return None
    try:
        found, assumed = moment(value, reading.context.zone)
    except ValueError as error:
        raise Bad(str(error)) from error
    if assumed:
        reading.flags.add("tz_assumed")
    return found


def end_time(value: Any, reading: Reading) -> datetime | None:
    """A moment, or the end of an interval `from/to`."""
    if value is None or value == "":
        return None
    try:
        _, found, assumed = interval(value, reading.context.zone)
    except ValueError as error:
        raise Bad(str(error)) from error
    if assumed:
        reading.flags.add("tz_assumed")
    return found


def start_time(value: Any, reading: Reading) -> datetime | None | UnsetType:
    """The beginning of an interval `from/to`; a single time says nothing of a beginning."""
    if not isinstance(value, str) or "/" not in value:
        return UNSET
    try:
        return interval(value, reading.context.zone)[0]
    except ValueError as error:
        raise Bad(str(error)) from error


def words(value: Any, reading: Reading) -> tuple[str, ...]:
    """A list of texts; a single one is a list of one; numbers are written out; null is none."""
    if value is None or value == "":
        return ()
    items = value if isinstance(value, list) else [value]
    if len(items) > reading.context.limits.items:
        raise Bad(f"more than {reading.context.limits.items} items")
    return tuple(found for item in items if (found := text(item, reading)) is not None)


def url(value: Any, reading: Reading) -> str | None:
    """A link that may be offered to click."""
    found = text(value, reading)
    if found is None:
        return None
    try:
        parts = urlsplit(found)
    except ValueError as error:
        raise Bad("no link") from error
    if parts.scheme.lower() not in LINK_SCHEMES or not parts.netloc:
        raise Bad("no link (http, https, or a stream)")
    return found


def urls(value: Any, reading: Reading) -> tuple[str, ...]:
    """A list of links."""
    return tuple(found for item in words(value, reading) if (found := url(item, reading)) is not None)


def postal(value: Any, reading: Reading) -> Address | None:
    """schema.org PostalAddress; a plain text is taken as the street."""
    if not isinstance(value, dict):
        street = text(value, reading)
        return None if street is None else Address(street=street)
    return Address(
        street=text(value.get("streetAddress"), reading),
        postcode=text(value.get("postalCode"), reading),
        city=text(value.get("addressLocality"), reading),
    )


def shape(*kinds: str) -> Reader:
    """A geometry of one of the kinds (of any, where none is named): GeoJSON, or the simple form of NGSI v2. 0/0 says
    nothing (flag `no_position`).
    """

    def read(value: Any, reading: Reading) -> Geometry | None | UnsetType:
        try:
            value = simple(value, reading.context.limits.points)
            found = geojson(value, reading.context.limits.points)
        except NoPosition:
            reading.flags.add("no_position")
            return UNSET
        except BadGeometry as error:
            raise Bad(str(error)) from error
        if found is not None and kinds and found["type"] not in kinds:
            raise Bad(f"{' or '.join(kinds)} expected, not {found['type']}")
        return found

    return read


def simple(value: Any, max_points: int) -> Any:
    """The simple location format of NGSI v2 as GeoJSON: `"51.83, 8.78"` with the latitude first (geo:point), or a list
    of such: a line, or an area where it is closed (geo:line, geo:polygon). A list of polygons is one of several parts.
    Anything else as it is.
    """
    pairs = value if isinstance(value, list) else [value]
    if (
        isinstance(value, list)
        and value
        and all(isinstance(part, dict) and part.get("type") == "Polygon" for part in value)
    ):
        return {"type": "MultiPolygon", "coordinates": [part.get("coordinates") for part in value]}
    if not 0 < len(pairs) <= max_points or not all(isinstance(pair, str) and _PAIR.fullmatch(pair) for pair in pairs):
        return value
    places = [[float(part) for part in reversed(pair.split(","))] for pair in pairs]
    if len(places) == 1:
        return {"type": "Point", "coordinates": places[0]}
    if len(places) > 3 and places[0] == places[-1]:
        return {"type": "Polygon", "coordinates": [places]}
    return {"type": "LineString", "coordinates": places}


point = shape("Point")
line = shape("LineString", "MultiLineString")
area = shape("Polygon", "MultiPolygon")


def anchor(value: Any, reading: Reading) -> Geometry | None | UnsetType:
    """A place as a point: the middle of the bounding box where the sender gives an extent (flagged)."""
    found: Geometry | None | UnsetType = shape()(value, reading)
    if not isinstance(found, dict) or found["type"] == "Point":
        return found
    flat: list[Any] = found["coordinates"]
    while isinstance(flat[0][0], list):
        flat = [part for group in flat for part in group]
    reading.flags.add("position_from_area")
    lons, lats = [p[0] for p in flat], [p[1] for p in flat]
    return {"type": "Point", "coordinates": [(min(lons) + max(lons)) / 2, (min(lats) + max(lats)) / 2]}
