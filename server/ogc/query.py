"""What is asked of a collection: bbox, datetime, limit and where to go on (OGC 17-069r4, clause 7.15)."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from math import isfinite
from typing import NamedTuple

from msgspec import Struct

DEFAULT_LIMIT, MOST = 100, 10_000
"""Features in a page unless said otherwise, and at most; who asks for more gets the most."""
MAX_AFTER_CHARS = 600
RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:[Zz]|[+-]\d\d:\d\d)")
OPEN = ("", "..")
PARAMETERS = frozenset({"bbox", "datetime", "limit", "after"})


class BadQuery(ValueError):
    """The question cannot be understood; the message says why."""


class Box(NamedTuple):
    """Degrees; west is never east of east (see `Query.boxes`)."""

    west: float
    south: float
    east: float
    north: float


class Query(Struct, frozen=True, kw_only=True):
    """Which features of a collection. `after` is the id of the last feature of the page before."""

    boxes: tuple[Box, ...] = ()
    """Where: in one of them; none is everywhere. One that crosses the antimeridian is two."""
    start: datetime | None = None
    end: datetime | None = None
    """When it was so, both ends included; None is open."""
    limit: int = DEFAULT_LIMIT
    after: str = ""

    def covers(self, observed_at: datetime) -> bool:
        """Whether a time is asked for."""
        return (self.start is None or observed_at >= self.start) and (self.end is None or observed_at <= self.end)


def parse(arguments: Mapping[str, Sequence[str]], known: frozenset[str] = PARAMETERS) -> Query:
    """The question of a query string. Raises BadQuery, also for a parameter that is not known or that comes twice."""
    for name, values in arguments.items():
        if name not in known:
            raise BadQuery(f"{name[:40]!r} is no parameter here; there are {', '.join(sorted(known))}")
        if len(values) != 1:
            raise BadQuery(f"{name}: once only")
    said = {name: values[0] for name, values in arguments.items()}
    start, end = interval(said["datetime"]) if "datetime" in said else (None, None)
    after = said.get("after", "")
    if len(after) > MAX_AFTER_CHARS:
        raise BadQuery("after: as the link to the next page has it")
    return Query(
        boxes=boxes(said["bbox"]) if "bbox" in said else (),
        start=start,
        end=end,
        limit=limit(said["limit"]) if "limit" in said else DEFAULT_LIMIT,
        after=after,
    )


def limit(text: str) -> int:
    """A number of features from 1, cut to MOST. Raises BadQuery."""
    if not text.isascii() or not text.isdigit() or len(text) > 18 or int(text) < 1:
        raise BadQuery(f"limit: a whole number from 1 to {MOST}")
    return min(int(text), MOST)


def boxes(text: str) -> tuple[Box, ...]:
    """West, south, east, north in degrees, or the same with a height after each pair, which is not looked at.

    West beyond east crosses the antimeridian. Raises BadQuery.
    """
    parts = text.split(",")
    try:
        numbers = [float(part) for part in parts] if len(text) <= 400 else []
    except ValueError:
        numbers = []
    if len(numbers) not in (4, 6) or not all(map(isfinite, numbers)):
        raise BadQuery("bbox: four or six numbers: west,south,east,north in degrees")
    if len(numbers) == 6:
        if numbers[2] > numbers[5]:
            raise BadQuery("bbox: the lower height comes first")
        numbers = [*numbers[:2], *numbers[3:5]]
    west, south, east, north = numbers
    if abs(west) > 180 or abs(east) > 180 or abs(south) > 90 or abs(north) > 90:
        raise BadQuery("bbox: longitudes from -180 to 180, latitudes from -90 to 90")
    if south > north:
        raise BadQuery("bbox: south comes before north")
    if west > east:
        return Box(west, south, 180.0, north), Box(-180.0, south, east, north)
    return (Box(west, south, east, north),)


def interval(text: str) -> tuple[datetime | None, datetime | None]:
    """An instant, or start/end of which one may be open (`..` or empty). Raises BadQuery."""
    parts = text.split("/")
    if len(parts) == 1:
        at = _moment(parts[0])
        return at, at
    if len(parts) != 2 or (parts[0] in OPEN and parts[1] in OPEN and text != "../.."):
        raise BadQuery("datetime: an instant, or start/end, either of which may be ..")
    start, end = (None if part in OPEN else _moment(part) for part in parts)
    if start is not None and end is not None and start > end:
        raise BadQuery("datetime: the start comes before the end")
    return start, end


def _moment(text: str) -> datetime:
    # A plus sign that was not escaped arrives as a blank.
    written = text.replace(" ", "+")
    if not RFC3339.fullmatch(written):
        raise BadQuery("datetime: as 2026-07-25T17:30:00Z (RFC 3339)")
    try:
        return datetime.fromisoformat(written.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        raise BadQuery("datetime: there is no such time") from None
