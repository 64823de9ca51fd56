"""Frames become detectors of a panel: one device per account, zone and class of events."""

from datetime import UTC, datetime
from typing import Any

from msgspec import UNSET

from layers.content import Device
from server.feeds import MALFORMED, Context, Decoded, DecodeError
from server.feeds._batch import Batch, settings, subject
from server.feeds._geometry import BadGeometry, position
from server.feeds._times import local, moment
from server.feeds.sia_dc09 import data
from server.feeds.sia_dc09.data import Data, Reported
from server.feeds.sia_dc09.frame import Frame, split, text_of, timestamp
from server.feeds.sia_dc09.options import Account, SiaOptions
from server.feeds.sia_dc09.telegram import Telegram, read

NAME = "sia_dc09"
ALIVE_S = 30
"""A link test without a time counts once in this time."""
REPEATS_S = 600
"""A frame without a time that comes again with its number within this time is a repeat."""
PANEL = "panel"
_STATES = {"alarm": "ALARM", "restore": "OK", "trouble": "WARNING", "supervision": "WARNING", "test": "OK"}
_VALUES = {"alarm": True, "restore": False, "trouble": True, "supervision": True, "open": "OPEN", "close": "CLOSE"}
_WARNINGS = frozenset({"tamper"})
"""Alarms of these classes are for the service, not for the fire brigade."""


def decode(body: bytes, context: Context) -> Decoded:
    """The detectors that the frames of a body report. Raises DecodeError where it holds no frame."""
    batch, options = Batch(context), settings(context, SiaOptions)
    found = False
    for part in split(body):
        if isinstance(part, Frame):
            found = True
            _telegram(read(part, options), batch, options)
        else:
            batch.refuse("no SIA DC-09 frame", part, kind=MALFORMED)
    if not found:
        raise DecodeError("no SIA DC-09 frame")
    return batch.decoded()


def building_of(account: str | None, prefix: str | None = None) -> str:
    """The subject of an account's building. A prefix other than 0 is part of the account."""
    line = (prefix or "").strip("0").upper()
    return subject(NAME, f"{account or 'unknown'}@{line}" if line else account or "unknown")


def _telegram(telegram: Telegram, batch: Batch, options: SiaOptions) -> None:
    head, inside = telegram.head, telegram.data
    home = building_of(telegram.account, head.prefix if head else None)
    if telegram.fault is not None or head is None or inside is None:
        batch.refuse(
            telegram.reason, text_of(telegram.frame.content), home if telegram.account else None, telegram.kind
        )
        return
    entry = options.account(telegram.account)
    identity = "|".join(
        (telegram.account or "", head.receiver or "", head.prefix or "", head.token, head.sequence, inside.text)
    )
    if entry is not None and entry.consent:
        batch.claim(home, entry.building, at=None, geometry=_place(inside, entry), every_s=3600)
    common: dict[str, Any] = {
        "token": head.token,
        "sequence": head.sequence,
        "account": telegram.account,
        "receiver": head.receiver,
        "prefix": head.prefix,
        "crc": f"{telegram.frame.crc:04X}",
        "crc_ok": True,
        "length": len(telegram.frame.content),
        "length_ok": True,
        "encrypted": head.encrypted or None,
        "blocks": {name: value for name, value in inside.blocks.items() if name not in ("A", "K", "J")} or None,
    }
    if not telegram.events:
        content = Device(
            name=entry.name if entry and entry.name else UNSET,
            building=_building(home, entry),
            categories=("sensor", "alarm_panel"),
            measures=("supervision",),
            description="Link test",
            state="OK",
        )
        batch.claim(
            f"{home}:{PANEL}", content, at=inside.time, geometry=_place(inside, entry), extra=common,
            every_s=ALIVE_S, identity=identity,
        )  # fmt: skip
        return
    for number, event in enumerate(telegram.events):
        _event(event, home, entry, inside, common, batch, f"{identity}|{number}")


def _event(
    reported: Reported,
    home: str,
    entry: Account | None,
    inside: Data,
    common: dict[str, Any],
    batch: Batch,
    identity: str,
) -> None:
    event, flags = reported.event, set()
    kind, measure = (event.kind, event.measure) if event else ("other", "unknown")
    if event is None:
        flags.add("code_unknown")
    if kind == "test":
        flags.add("test")
    if reported.old:
        flags.add("old_event")
    state: Any = _STATES.get(kind, UNSET if kind in ("open", "close") else "UNKNOWN")
    if kind == "alarm" and measure in _WARNINGS:
        state = "WARNING"
    zone = reported.zone.lstrip("0") or "0"
    zones = entry.zones if entry else {}
    said = reported.text or inside.blocks.get("I", "")
    content = Device(
        name=zones.get(reported.zone) or zones.get(zone) or said or UNSET,
        description=event.text if event else UNSET,
        building=_building(home, entry),
        categories=("sensor", "alarm_panel"),
        measures=(measure,),
        value=_VALUES.get(kind, UNSET),
        state=state,
    )
    extra = {
        **common,
        "code": reported.code,
        "qualifier": reported.qualifier,
        "event": kind,
        "zone": reported.zone,
        "area": reported.area,
        "text": said,
        "modifiers": reported.modifiers,
        "old": reported.old or None,
    }
    of = home + ":" + subject(zone, measure) if measure != "arming" else f"{home}:arming"
    at = _occurred(reported, inside, entry, batch, flags)
    batch.claim(
        of, content, at=at or inside.time, said=inside.time, flags=flags, geometry=_place(inside, entry), extra=extra,
        every_s=REPEATS_S, identity=identity,
    )  # fmt: skip


def _building(home: str, entry: Account | None) -> Any:
    return home if entry is not None and entry.consent else UNSET


def _occurred(
    reported: Reported, inside: Data, entry: Account | None, batch: Batch, flags: set[str]
) -> datetime | None:
    """When it happened: the block H (UTC), else the panel's local date and time."""
    stated = inside.blocks.get("H")
    if stated is not None:
        return timestamp(stated)
    if reported.clock is None:
        return None
    zone = (entry.zone if entry else None) or batch.context.zone
    stamped = local(inside.time or batch.context.received_at, zone)
    year, month, day = reported.date or (stamped.year, stamped.month, stamped.day)
    hour, minute, second = reported.clock
    try:
        at, _ = moment(f"{year:04d}-{month:02d}-{day:02d}T{hour:02d}:{minute:02d}:{second:02d}", zone)
    except ValueError:
        batch.refuse("the time in the event is none", reported.raw)
        return None
    flags.add("tz_assumed")
    return at.astimezone(UTC)


def _place(inside: Data, entry: Account | None) -> Any:
    """The position in the frame, else that of the account."""
    stated = data.position(inside.blocks)
    lon, lat, height = stated if stated is not None else (entry.lon, entry.lat, None) if entry else (None, None, None)
    if lon is None or lat is None:
        return UNSET
    try:
        return {"type": "Point", "coordinates": position(lon, lat, height)}
    except BadGeometry:
        return UNSET
