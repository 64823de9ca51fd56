"""Tags of images under ExifTool's names: numbers and texts as cameras and ExifTool write them; time and place."""

import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec import UNSET, UnsetType

from layers.observation import Geometry
from server.feeds._geometry import BadGeometry, NoPosition, position
from server.feeds._times import moment

Tags = Mapping[str, Any]
_NUMBER = re.compile(r"[+-]?\d{1,12}(?:\.\d{1,18})?(?:[eE][+-]?\d{1,2})?", re.ASCII)
_DECIMAL_COMMA = re.compile(r"[+-]?\d{1,12},\d{1,18}", re.ASCII)
_ANGLE = re.compile(
    r"(\d{1,3}(?:\.\d{1,15})?)\s*(?:deg|°)\s*(\d{1,2}(?:\.\d{1,15})?)['′]\s*(?:(\d{1,2}(?:\.\d{1,15})?)[\"″]?)?"
    r"\s*([NSEW])?",
    re.ASCII | re.IGNORECASE,
)
_EXIF_TIME = re.compile(
    r"(\d{4})[:-](\d\d)[:-](\d\d)[ T](\d\d):(\d\d):(\d\d)(?:[.,](\d{1,9}))?\s*(Z|[+-]\d\d:?\d\d)?", re.ASCII
)
_SAFE_NAME = re.compile(r"[A-Za-z]{2,5}[_-]?\d[\w-]{0,60}\.\w{2,4}", re.ASCII)


def number(tags: Tags, *names: str) -> float | None:
    """The first of the tags that begins with a finite number; `51,7189` alone is one with a decimal comma."""
    for name in names:
        value = tags.get(name)
        if isinstance(value, str):
            written = value.strip()
            found = _NUMBER.match(written.replace(",", ".") if _DECIMAL_COMMA.fullmatch(written) else written)
            value = float(found[0]) if found else None
        if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
            return float(value)
    return None


def text(tags: Tags, *names: str) -> str | None:
    """The first of the tags that is text and not empty."""
    for name in names:
        value = tags.get(name)
        if isinstance(value, str) and (found := value.strip("\0 \t\r\n")):
            return found[:200]
    return None


def safe_name(written: str | None) -> str | UnsetType:
    """The name of a file as a camera makes it; a name that a person gave it may name persons and is not kept."""
    name = re.split(r"[/\\]", written)[-1] if written else ""
    return name if _SAFE_NAME.fullmatch(name) else UNSET


def angle(value: Any, reference: Any = None) -> float | None:
    """Signed degrees of `8 deg 17' 39.30" S`, of `8.29 S`, of a number; `reference` is its N, S, E or W apart.

    None where nothing tells the sign of a value without one.
    """
    hemisphere = str(reference).strip()[:1].upper() if reference else ""
    if isinstance(value, str):
        written = value.strip()
        if found := _ANGLE.match(written):
            degrees = float(found[1]) + float(found[2]) / 60.0 + float(found[3] or 0.0) / 3600.0
            hemisphere = (found[4] or hemisphere).upper()
        elif match := _NUMBER.match(written):
            degrees = float(match[0])
            hemisphere = written[match.end() :].strip()[:1].upper() or hemisphere
            hemisphere = hemisphere or ("-" if degrees < 0 else "+")
        else:
            return None
    elif isinstance(value, int | float):
        degrees = float(value)
    else:
        return None
    if hemisphere in ("S", "W"):
        return -abs(degrees)
    return degrees if hemisphere in ("N", "E", "+", "-") else None


def taken_at(tags: Tags, zone: str, flags: set[str]) -> datetime | None:
    """When it was taken: exposure in UTC, camera clock with a zone, satellites, camera clock without a zone."""
    exposure = _exif_time(text(tags, "UTCAtExposure"), "UTC", set())
    if exposure is not None:
        return exposure
    satellites = text(tags, "GPSDateTime")
    if satellites is None and (day := text(tags, "GPSDateStamp")) and (hour := text(tags, "GPSTimeStamp")):
        satellites = f"{day} {hour}"
    by_gps = _exif_time(satellites, "UTC", set())
    assumed: set[str] = set()
    for name, part in (("DateTimeOriginal", "Original"), ("CreateDate", "Digitized"), ("ModifyDate", "")):
        written = text(tags, name)
        if written is None:
            continue
        fraction, offset = text(tags, f"SubSecTime{part}"), text(tags, f"OffsetTime{part}", "OffsetTime")
        if fraction and "." not in written and fraction.isdecimal():
            written += f".{fraction[:9]}"
        if offset and not re.search(r"(?:Z|[+-]\d\d:?\d\d)$", written):
            written += offset
        own = _exif_time(written, zone, assumed)
        if own is None:
            continue
        # A camera's clock without a zone is at most a day from the satellites' time, or one of them was never set.
        if assumed and by_gps is not None and abs(own - by_gps) < timedelta(hours=27):
            return by_gps
        flags |= assumed
        return own
    return by_gps


def _exif_time(written: str | None, zone: str, flags: set[str]) -> datetime | None:
    found = _EXIF_TIME.fullmatch(written.strip()) if written else None
    if found is None:
        return None
    year, month, day, hour, minute, second, fraction, offset = found.groups()
    iso = f"{year}-{month}-{day}T{hour}:{minute}:{second}.{fraction or 0}{offset or ''}"
    try:
        at, assumed = moment(iso, zone)
    except ValueError:
        return None
    if assumed and zone != "UTC":
        flags.add("tz_assumed")
    elif assumed:
        at = at.replace(tzinfo=UTC)
    return at


def place(tags: Tags, flags: set[str]) -> Geometry | UnsetType:
    """Where the camera was; a position whose hemisphere nobody tells is none."""
    pairs = [
        (
            angle(tags.get("GPSLongitude"), tags.get("GPSLongitudeRef")),
            angle(tags.get("GPSLatitude"), tags.get("GPSLatitudeRef")),
        ),
        (number(tags, "GpsLongitude", "GpsLongtitude", "GpsLongtude"), number(tags, "GpsLatitude")),
        _together(text(tags, "GPSPosition")),
    ]
    for lon, lat in pairs:
        if lon is None or lat is None:
            continue
        try:
            return {"type": "Point", "coordinates": [round(degrees, 10) for degrees in position(lon, lat)]}
        except NoPosition:
            flags.add("no_position")
        except BadGeometry:
            flags.add("bad_position")
    if "GPSLatitude" in tags and "GPSLongitude" in tags and not flags & {"no_position", "bad_position"}:
        flags.add("hemisphere_missing")
    flags.add("no_gps")
    return UNSET


def _together(written: str | None) -> tuple[float | None, float | None]:
    """Longitude and latitude of `GPSPosition`: `51 deg 43' 8.04" N, 8 deg 45' 15.84" E`, `51.7189 8.7544`."""
    if written is None:
        return None, None
    parts = written.split(",") if "," in written else written.split()
    return (angle(parts[1]), angle(parts[0])) if len(parts) == 2 else (None, None)


def altitude(tags: Tags, flags: set[str]) -> float | None:
    """Metres above the sea (or what the camera takes for it)."""
    found = number(tags, "AbsoluteAltitude")
    if found is None:
        found = number(tags, "GPSAltitude")
        reference = tags.get("GPSAltitudeRef")
        if found is not None and reference is None and "Sea Level" not in str(tags.get("GPSAltitude")):
            flags.add("altitude_ref_assumed")
        below = reference in (1, "1", b"\x01") or "Below" in f"{reference} {tags.get('GPSAltitude')}"
        found = -abs(found) if found is not None and below else found
    return found if found is not None and abs(found) < 100_000 else None
