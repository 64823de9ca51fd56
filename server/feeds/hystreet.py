"""hystreet: pedestrians in shopping streets, by hour or longer, from the API (JSON) and from exports (CSV).

Fields and columns are those of public client code and of real exports: the maker publishes no description.
"""

import csv
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import msgspec
from msgspec import UNSET, Struct, UnsetType

from layers.content import CrowdLine, CrowdSite
from layers.observation import Geometry
from server.feeds import BAD_ATTRIBUTE, INVALID, TOO_LARGE, Context, Decoded, DecodeError, Feed
from server.feeds._batch import Batch, Fields, settings, subject
from server.feeds._documents import documents
from server.feeds._geometry import BadGeometry, geojson
from server.feeds._secrets import clean
from server.feeds._stream import Stream
from server.feeds.ngsi.values import Bad, Reading, count, number, time

NAME = "hystreet"
MAX_BYTES = 8_000_000
MAX_CELLS = 60
LAST_YEAR = 9990
NOT_MEASURED, SUM_DIFFERS = "not_measured", "sum_differs"
"""Flags: nought without weather, from before the sensor was at work; the directions do not add up."""
_TIME = re.compile(r"zeitpunkt|time of measurement|timestamp|^zeit$", re.IGNORECASE)
_TOTAL = re.compile(r"insgesamt$|^pedestrians[ _]count$|gesamt$", re.IGNORECASE)
_WEATHER = re.compile(r"wetterlage|weather", re.IGNORECASE)
_TEMPERATURE = re.compile(r"temperatur", re.IGNORECASE)
_WAYS = ("ltr_pedestrians_count", "rtl_pedestrians_count")
_THOUSANDS = re.compile(r"\d{1,3}(?:[., '\u00a0\u202f]\d{3})+", re.ASCII)
_WHOLE = re.compile(r"(\d{1,9})[.,]0{1,6}", re.ASCII)
_GERMAN_TIME = re.compile(r"(\d\d)\.(\d\d)\.(\d{4})(?:[ T]+(\d\d:\d\d(?::\d\d)?)(?:[.,]\d{1,6})?)?", re.ASCII)
"""As a spreadsheet writes what it read."""
_PLACE = re.compile(r"^lage$|^location$|^standort$", re.IGNORECASE)
_KEPT = (
    *("weather_condition", "temperature", "min_temperature", "collection_type", "unverified"),
    *("adult_pedestrians_count", "child_pedestrians_count"),
    *("adult_ltr_pedestrians_count", "adult_rtl_pedestrians_count"),
    *("child_ltr_pedestrians_count", "child_rtl_pedestrians_count"),
)


class HystreetOptions(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`lines`: GeoJSON (a line or a point) of a location by its id or name, for hystreet gives none."""

    lines: dict[str, dict[str, Any]] = {}


class Measurement(Struct, kw_only=True):
    """What was counted from `at` on. `towards` is left to right, or the first direction of an export."""

    at: datetime
    total: int | None
    towards: int | None = None
    away: int | None = None
    flags: frozenset[str] = frozenset()
    extra: dict[str, Any] = {}


class Place(Struct, kw_only=True):
    """A location and what was counted there."""

    key: str
    name: str | None
    measurements: list[Measurement]
    extra: dict[str, Any] = {}


def decode(body: bytes, context: Context) -> Decoded:
    """Counting lines, one observation for each interval. Raises DecodeError."""
    if len(body) > MAX_BYTES:
        raise DecodeError(f"the message has {len(body)} bytes, more than {MAX_BYTES}", TOO_LARGE)
    batch, options = Batch(context), settings(context, HystreetOptions)
    body = clean(body)
    if body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"["):
        places = list(_api(body, batch))
    else:
        places = list(_export(body, batch))
    for place in places:
        _claim(place, _line(place, options, batch), batch)
    if not places and not batch.refused:
        raise DecodeError("no location of hystreet", INVALID)
    return batch.decoded()


def _claim(place: Place, line: Geometry | UnsetType, batch: Batch) -> None:
    if not place.measurements:
        site = CrowdSite(name=place.name or UNSET)
        batch.claim(subject(NAME, place.key, "site"), site, at=None, geometry=line, extra=place.extra)
        return
    for measured, until in _until(place.measurements):
        content = CrowdLine(
            name=place.name or UNSET,
            people=measured.total,
            people_towards=UNSET if measured.towards is None else measured.towards,
            people_away=UNSET if measured.away is None else measured.away,
            from_at=measured.at,
            to_at=until,
        )
        over = until <= batch.context.received_at
        batch.claim(
            subject(NAME, place.key),
            content,
            at=until if over else measured.at + timedelta(seconds=1),  # newer than the one before, not over yet
            flags=measured.flags,
            geometry=line,
            extra={**place.extra, **measured.extra},
        )


def _until(measurements: list[Measurement]) -> Iterator[tuple[Measurement, datetime]]:
    """Each with the end of its interval: the usual distance of two, at most the next one's beginning; else an hour."""
    ordered = sorted(measurements, key=lambda measured: measured.at)
    gaps = Counter(second.at - first.at for first, second in pairwise(ordered) if second.at > first.at)
    usual = gaps.most_common(1)[0][0] if gaps else timedelta(hours=1)
    usual = min(usual, timedelta(days=366))
    following: Sequence[Measurement | None] = [*ordered[1:], None]
    for measured, after in zip(ordered, following, strict=True):
        end = measured.at + usual
        yield measured, min(end, after.at) if after is not None and after.at > measured.at else end


def _line(place: Place, options: HystreetOptions, batch: Batch) -> Geometry | UnsetType:
    written = options.lines.get(place.key, options.lines.get(place.name or ""))
    if written is None:
        return UNSET
    try:
        found = geojson(written, batch.context.limits.points)
    except BadGeometry as error:
        raise DecodeError(f"the settings of this source: {error}", INVALID) from error
    return found if found is not None else UNSET


def _api(body: bytes, batch: Batch) -> Iterator[Place]:
    """`/locations` (a list) and `/locations/ID` (one with measurements)."""
    limits = msgspec.structs.replace(batch.context.limits, body_bytes=MAX_BYTES)
    given = documents(body, limits)
    batch.refused.extend(given.refused)
    for document in given.found:
        if document == []:
            batch.refuse("no location", document)
        for item in document if isinstance(document, list) else [document]:
            if isinstance(item, Mapping) and item.get("id") is not None and isinstance(item.get("id"), int | str):
                yield _location(batch.fields(item, f"{NAME}:{item['id']}"[:256]))
            else:
                batch.refuse("a location is an object with an id", item)


def _location(fields: Fields) -> Place:
    metadata = fields.inner("metadata")
    names = [name for name in (fields.said("name"), fields.said("city")) if name]
    place = Place(
        key=fields.said("id") or "unknown",
        name=", ".join(names) or None,
        measurements=[],
        extra={
            "towards": metadata.said("ltr_label"),
            "away": metadata.said("rtl_label"),
            "latest_measurement_at": metadata.said("latest_measurement_at"),
        },
    )
    raw = fields.raw.get("measurements")
    for item in raw if isinstance(raw, list) else []:
        if not isinstance(item, Mapping):
            fields.bad("measurements", "an object is expected", item)
            continue
        one = fields.batch.fields(item, fields.of)
        at = one.said("timestamp", _beginning)
        if at is None:
            one.bad("timestamp", "expected", item)
            continue
        found = _measurement(
            at,
            one.said("pedestrians_count", count),
            one.said("ltr_pedestrians_count", count),
            one.said("rtl_pedestrians_count", count),
            weather=one.has("weather_condition"),
        )
        found.flags |= one.flags
        found.extra = {name: item.get(name) for name in _KEPT} | {"zones": item.get("zones")}
        place.measurements.append(found)
    return place


def _beginning(value: Any, reading: Reading) -> datetime | None:
    """When an interval begins; its end is a time too."""
    at = time(value, reading)
    if at is not None and at.year > LAST_YEAR:
        raise Bad("no time: outside the years 1 to 9999")
    return at


def _measurement(at: datetime, total: int | None, towards: int | None, away: int | None, weather: bool) -> Measurement:
    flags = set()
    if total == 0 and not weather:
        flags.add(NOT_MEASURED)
        total = towards = away = None
    elif total is not None and towards is not None and away is not None and total != towards + away:
        flags.add(SUM_DIFFERS)
    return Measurement(at=at, total=total, towards=towards, away=away, flags=frozenset(flags))


class Columns(Struct):
    """Where an export has what, by its header."""

    at: int
    total: int
    place: int | None
    weather: int | None
    temperature: int | None
    directions: tuple[int, ...]
    labels: tuple[str, ...]
    names: list[str]

    def counted(self) -> tuple[int, ...]:
        """Where numbers of persons are; those of the directions may lie a cell further (see `_ways`)."""
        return (self.total, *self.directions, *(at + 1 for at in self.directions))


def _export(body: bytes, batch: Batch) -> Iterator[Place]:
    """An export: one row for each interval; the rows of a location may stand anywhere."""
    lines = _text(body).splitlines()
    divider = max(";,\t", key=lines[0].count) if lines else ";"
    rows = csv.reader(lines, delimiter=divider)
    places: dict[str, Place] = {}
    try:
        header = next(rows, [])
        columns = _columns(header[:MAX_CELLS])
        for row in rows:
            if any(cell.strip() for cell in row):
                _row(row[:MAX_CELLS], columns, places, batch)
    except csv.Error as error:
        batch.refuse(f"no CSV: {error}")
    yield from places.values()


def _text(body: bytes) -> str:
    """UTF-8, else Windows' Latin (exports come in either), or what a spreadsheet calls Unicode."""
    if body[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return body.decode("utf-16", "replace")
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError:
        return body.decode("cp1252", "replace")


def _columns(header: list[str]) -> Columns:
    names = [name.strip() for name in header]

    def find(pattern: re.Pattern[str]) -> int | None:
        return next((at for at, name in enumerate(names) if pattern.search(name)), None)

    at, total = find(_TIME), find(_TOTAL)
    if at is None or total is None:
        raise DecodeError("neither JSON nor an export with a time and a total of hystreet", INVALID)
    ways = [(n, name) for n, name in enumerate(names) if n != total and name.startswith(names[total])][:2]
    named = [(names.index(way), way) for way in _WAYS if way in names]
    if len(ways) < 2 and len(named) == 2:
        return Columns(
            at, total, find(_PLACE), find(_WEATHER), find(_TEMPERATURE), tuple(n for n, _ in named), (), names
        )
    labels = tuple(re.sub(r"^[\s_-]*(?:Richtung)?\s*", "", name[len(names[total]) :]) for _, name in ways)
    return Columns(
        at, total, find(_PLACE), find(_WEATHER), find(_TEMPERATURE), tuple(n for n, _ in ways), labels, names
    )


def _row(row: list[str], columns: Columns, places: dict[str, Place], batch: Batch) -> None:
    row = [_plain(cell) if at in columns.counted() else cell for at, cell in enumerate(row)]
    if columns.at < len(row) and (german := _GERMAN_TIME.fullmatch(row[columns.at].strip())):
        day, month, year, clock = german.groups()
        row[columns.at] = f"{year}-{month}-{day}T{clock or '00:00'}"
    fields = batch.fields(dict(zip(columns.names, row, strict=False)))
    name = _cell(row, columns.place)
    fields.of = subject(NAME, name or "unknown")
    at = fields.said(columns.names[columns.at], _beginning)
    total = fields.said(columns.names[columns.total], count)
    if at is None or total is None:
        batch.refuse("a row without time or total", ";".join(row)[:300], fields.of, BAD_ATTRIBUTE)
        return
    shift, ways = _ways(row, columns, total)
    found = _measurement(at, total, *ways, weather=bool(_cell(row, columns.weather)))
    found.flags |= fields.flags
    temperature = fields.said(columns.names[columns.temperature], number) if columns.temperature is not None else None
    rest = {
        columns.names[n]: _cell(row, n + shift)
        for n in range(max((columns.total, *columns.directions)) + 1, len(columns.names))
    }
    found.extra = {"temperature": temperature, "weather_condition": _cell(row, columns.weather), **rest}
    extra = dict(zip(("towards", "away"), columns.labels, strict=False))
    place = places.setdefault(name, Place(key=name or "unknown", name=name or None, measurements=[], extra=extra))
    place.measurements.append(found)


def _ways(row: list[str], columns: Columns, total: int) -> tuple[int, tuple[int | None, int | None]]:
    """Both directions, and by how many cells they are shifted: some exports have an empty cell too many before them.

    The reading in which the directions add up to the total holds.
    """
    if len(columns.directions) < 2:
        return 0, (None, None)
    first, second = columns.directions
    plain = _whole(row, first), _whole(row, second)
    shifted = _whole(row, first + 1), _whole(row, second + 1)
    if None not in plain and _sum(plain) == total:
        return 0, plain
    if not _cell(row, first) and None not in shifted and _sum(shifted) == total:
        return 1, shifted
    return 0, plain


def _sum(ways: tuple[int | None, int | None]) -> int:
    return (ways[0] or 0) + (ways[1] or 0)


def _cell(row: list[str], at: int | None) -> str:
    return row[at].strip() if at is not None and at < len(row) else ""


def _plain(cell: str) -> str:
    """A number without the marks of its thousands, and without decimals that are nought."""
    written = cell.strip()
    if _THOUSANDS.fullmatch(written):
        return "".join(filter(str.isdecimal, written))
    found = _WHOLE.fullmatch(written)
    return found[1] if found else cell


def _whole(row: list[str], at: int) -> int | None:
    written = _cell(row, at)
    return int(written) if written.isascii() and written.isdecimal() and len(written) < 10 else None


FEED = Feed(
    name=NAME,
    title="hystreet",
    decode=decode,
    max_bytes=MAX_BYTES,
    clean=clean,
    zone="Europe/Berlin",
    options=HystreetOptions,
    stream=Stream(files=("*.csv", "*.json")),
)
