"""San Francisco Fire Department calls for service (DataSF): a row per unit and call, with a time for each stage.

A replay of real unit status with its real intervals. A row gives up to eight stages, each an observation of the unit of
its own; all are put in the order of time. A time that is empty means that the stage was not reached. The incident is
one mission, from the reception of the call until its last unit is available again.
"""

import csv
import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

import msgspec
from msgspec import UNSET, Struct

from layers.content import Address, Mission, Unit
from server.feeds import INVALID, TOO_LARGE, Context, Decoded, DecodeError, Feed
from server.feeds._batch import Batch, Fields, settings, subject
from server.feeds._dispatch import DispatchOptions
from server.feeds._documents import documents
from server.feeds._incidents import REPLAY_BYTES, REPLAY_OBSERVATIONS, REPLAY_RECORDS, category
from server.feeds._stream import Stream, Whole
from server.feeds._times import moment
from server.feeds.ngsi.values import Bad, Reading, flag, point, text

NAME = "sanfrancisco"
ZONE = "America/Los_Angeles"

STAGES: dict[str, int | None] = {
    "received": None,
    "entry": None,
    "dispatch": None,
    "response": 3,
    "onscene": 4,
    "transport": 7,
    "hospital": 8,
    "available": 1,
}
"""Stages of a unit in a call, in order, and the FMS status that each stands for; the first three are none."""
_SUFFIXES = ("dttm", "timestamp")
_TIME = re.compile(
    r"(\d\d?)/(\d\d?)/(\d{4})(?: (\d\d?):(\d\d)(?::(\d\d))?(?: ?([AP])M)?)?(?: ?([+-]\d\d:?\d\d))?",
    re.IGNORECASE | re.ASCII,
)
_PAIR = re.compile(r"\(\s*(-?\d{1,3}(?:\.\d+)?)\s*,\s*(-?\d{1,3}(?:\.\d+)?)\s*\)")
_WKT = re.compile(r"POINT\s*\(\s*(-?\d{1,3}(?:\.\d+)?)\s+(-?\d{1,3}(?:\.\d+)?)\s*\)", re.IGNORECASE)


class Row(Struct):
    """One row: its fields, whom it speaks of, and when each stage was reached."""

    fields: Fields
    mission: str
    unit: str
    name: str
    at: dict[str, datetime]


def decode(body: bytes, context: Context) -> Decoded:
    """Missions and units in the order of time. Raises DecodeError."""
    batch, options = Batch(context, REPLAY_OBSERVATIONS), settings(context, DispatchOptions)
    rows = [row for record in _records(body, batch) if (row := _row(record, batch)) is not None]
    if not rows and not batch.refused:
        raise DecodeError("no calls for service", INVALID)
    incidents: dict[str, list[Row]] = {}
    for row in rows:
        incidents.setdefault(row.mission, []).append(row)
    stages = [
        (at, place, row, stage) for row in rows for place, stage in enumerate(STAGES) if (at := row.at.get(stage))
    ]
    told: set[str] = set()
    for _, _, row, stage in sorted(stages, key=lambda entry: entry[:2]):
        if row.mission not in told:
            told.add(row.mission)
            _mission(incidents[row.mission], batch, options)
        _unit(row, stage, batch)
        _end(row, stage, incidents[row.mission], batch)
    return batch.decoded()


def _records(body: bytes, batch: Batch) -> Iterator[dict[str, Any]]:
    """The rows with their names brought into one form: `Received DtTm` and `received_dttm` are `receiveddttm`."""
    if len(body) > REPLAY_BYTES:
        raise DecodeError(f"the file has {len(body)} bytes, more than {REPLAY_BYTES}", TOO_LARGE)
    if body.lstrip(b"\xef\xbb\xbf \r\n\t")[:1] in (b"[", b"{"):
        given = documents(body, msgspec.structs.replace(batch.context.limits, body_bytes=REPLAY_BYTES))
        batch.refused.extend(given.refused)
        for item in (
            row for document in given.found for row in (document if isinstance(document, list) else [document])
        ):
            if isinstance(item, dict):
                yield {_name(key): value for key, value in item.items()}
            else:
                batch.refuse("a row is an object", item)
        return
    try:
        lines = body.decode("utf-8-sig").splitlines(keepends=True)
    except UnicodeDecodeError:
        lines = body.decode("cp1252", "replace").splitlines(keepends=True)
    first = lines[0] if lines else ""
    divider = max(",;\t", key=first.count)
    yield from _table(csv.reader(lines, delimiter=divider), batch)


def _table(reader: Iterable[list[str]], batch: Batch) -> Iterator[dict[str, Any]]:
    header: list[str] | None = None
    number = 0
    try:
        for cells in reader:
            if header is None:
                header = [_name(cell) for cell in cells]
                if not {"unitid", "incidentnumber"} <= set(header):
                    raise DecodeError("no table of calls for service: it has no Unit ID and Incident Number", INVALID)
            elif len(cells) > len(header):
                batch.refuse(f"a row of {len(cells)} cells under {len(header)} names", ",".join(cells))
            elif cells:
                number += 1
                if number > REPLAY_RECORDS:
                    batch.refuse(f"more than {REPLAY_RECORDS} rows")
                    return
                yield dict(zip(header, cells, strict=False))
    except csv.Error as error:
        batch.refuse(f"the table cannot be read on: {error}")


def _name(written: str) -> str:
    return "".join(letter for letter in written.casefold() if letter.isalnum())


def _row(record: dict[str, Any], batch: Batch) -> Row | None:
    fields = batch.fields(record)
    incident, unit = fields.said("incidentnumber|callnumber"), fields.said("unitid")
    if incident is None or unit is None:
        batch.refuse("a row without unit and incident", record)
        return None
    fields.of = of = subject(NAME, "unit", unit)
    at = {}
    for stage in STAGES:
        reached = fields.said("|".join(stage + suffix for suffix in _SUFFIXES), local_time)
        if reached is not None:
            at[stage] = reached
    if not at:
        batch.refuse("a row without any time", record, of)
        return None
    return Row(fields, subject(NAME, incident), of, unit, at)


def _mission(rows: list[Row], batch: Batch, options: DispatchOptions) -> None:
    """The incident as it began: what its rows have in common, dated by the first of their times."""
    row = min(rows, key=lambda each: min(each.at.values()))
    fields, kind = row.fields, row.fields.get("calltype")
    street, city, postcode = (fields.said(name) for name in ("address", "city", "zipcodeofincident"))
    at = min(row.at.values())
    content = Mission(
        number=fields.get("incidentnumber|callnumber"),
        keyword=kind,
        category=UNSET if kind is UNSET else category(kind, options),
        subcategory=fields.get("calltypegroup"),
        address=Address(street=street, city=city, postcode=postcode),
        issued_at=at,
        closed=False,
    )
    names = ("callnumber", "battalion", "stationarea", "box", "originalpriority", "priority", "numberofalarms")
    extra = {name: fields.get(name) for name in names}
    flags = fields.flags
    geometry = _position(fields)
    batch.claim(row.mission, content, at=at, flags=flags, geometry=geometry, extra=extra)


def _unit(row: Row, stage: str, batch: Batch) -> None:
    """What the unit did. It belongs to the mission from its dispatch until it is available again."""
    fields, status = row.fields, STAGES[stage]
    mission = row.mission if stage == "dispatch" else None if stage == "available" else UNSET
    content = Unit(
        name=row.name,
        call_sign=row.name,
        vehicle_type=fields.get("unittype"),
        fms_status=UNSET if status is None else status,
        mission=mission,
    )
    extra = {"stage": stage, "call": row.mission, "row": fields.get("rowid"), "als": fields.get("alsunit", flag)}
    batch.claim(row.unit, content, at=row.at[stage], flags=fields.flags & {"tz_assumed"}, extra=extra)


def _end(row: Row, stage: str, rows: list[Row], batch: Batch) -> None:
    """The incident has ended when the last of its units is available; nobody knows while one is not."""
    if stage != "available" or not all("available" in each.at for each in rows):
        return
    last = max(rows, key=lambda each: (each.at["available"], each.unit))
    if last is row:
        extra = {"disposition": row.fields.get("callfinaldisposition")}
        batch.claim(row.mission, Mission(closed=True), at=row.at[stage], flags={"tz_assumed"}, extra=extra)


def _position(fields: Fields) -> Any:
    """`(lat, lon)`, the WKT of newer exports, or GeoJSON."""
    written = fields.raw.get("location") or fields.raw.get("caselocation")
    if isinstance(written, str):
        if found := _PAIR.search(written):
            return fields.place(float(found[2]), float(found[1]))
        if found := _WKT.search(written):
            return fields.place(float(found[1]), float(found[2]))
    return fields.get("location|caselocation", point) if isinstance(written, dict) else UNSET


def local_time(value: Any, reading: Reading) -> datetime | None:
    """`MM/DD/YYYY hh:mm:ss AM` by the city's clock (flag `tz_assumed`), or ISO 8601."""
    written = text(value, reading)
    if written is None:
        return None
    if found := _TIME.fullmatch(written):
        *parts, offset = found.groups()
        month, day, year, hour, minute, second, half = (part or "0" for part in parts)
        if half != "0" and not 1 <= int(hour) <= 12:
            raise Bad(f"no time: {written[:40]!r}")
        hours = int(hour) if half == "0" else int(hour) % 12 + (12 if half in "pP" else 0)
        written = f"{year}-{month:0>2}-{day:0>2}T{hours:02}:{minute:0>2}:{second:0>2}{offset or ''}"
    try:
        at, assumed = moment(written, reading.context.zone)
    except ValueError as error:
        raise Bad(str(error)) from error
    if assumed:
        reading.flags.add("tz_assumed")
    return at


FEED = Feed(
    name=NAME,
    title="San Francisco Fire Department calls for service",
    decode=decode,
    max_bytes=REPLAY_BYTES,
    zone=ZONE,
    options=DispatchOptions,
    stream=Stream(framer=Whole, files=("*.csv",)),
)
