"""A packet becomes a unit (FMS), a mission or a note (POCSAG), or a note (ZVEI, message)."""

import re
from datetime import datetime, timedelta
from typing import Any

from msgspec import UNSET, Struct, UnsetType, field

from layers.content import Mission, Note, Unit
from layers.observation import idempotency_key
from server.feeds import INVALID, TOO_LARGE, UNKNOWN_TYPE, Context, Decoded, DecodeError
from server.feeds._addresses import address
from server.feeds._batch import Batch, Fields, settings, subject
from server.feeds._dispatch import DispatchOptions, local_time
from server.feeds._fms import CALLS, NO_STATUS, TO_VEHICLE, Identity
from server.feeds._positions import in_text
from server.feeds._secrets import clean
from server.feeds._times import local
from server.feeds.boswatch.lines import packets, plain

NAME = "boswatch"
REPEATS_S = 2
"""Analogue FMS sends a telegram again within seconds: the same id, status and direction is one event."""
PAGE_S = 600
"""A page of the same words within this time is the same."""
FIELDS = ("number", "keyword", "description", "street", "house", "postcode", "city", "district", "detail")
"""What a field of a page may be."""
_PACKET_EXTRA = ("serverName", "clientName", "frequency", "inputSource")
_HEX = re.compile(r"([0-9a-f]{8})([0-9a-f])?([01])?", re.IGNORECASE)


class BosOptions(DispatchOptions, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settings of a receiver."""

    separator: str = "*"
    """What divides the fields of a page."""
    fields: tuple[str, ...] = ("keyword", "description")
    """What its fields are, in order (see `FIELDS`; an empty one is skipped); further ones go to the description."""
    call_signs: dict[str, str] = field(default_factory=dict)
    """Call sign by the eight digits of an FMS id."""
    loops: dict[str, str] = field(default_factory=dict)
    """Who is called, by RIC with its letter (`1234567A`) or by five-tone call."""


class Capture(Struct):
    """One body being read. `heard` is the last telegram of each vehicle and direction."""

    batch: Batch
    options: BosOptions
    heard: dict[str, tuple[str, datetime | None]] = {}


def decode(body: bytes, context: Context) -> Decoded:
    """Observations of one packet or a whole capture. Raises DecodeError."""
    if len(body) > context.limits.body_bytes:
        raise DecodeError(f"the message has {len(body)} bytes, more than {context.limits.body_bytes}", TOO_LARGE)
    capture = Capture(Batch(context), settings(context, BosOptions))
    if unknown := set(capture.options.fields) - {*FIELDS, ""}:
        raise DecodeError(f"the settings of this source: fields: {sorted(unknown)}", INVALID)
    found, refused, understood = packets(clean(body), context.limits)
    if not understood:
        raise DecodeError("no packet of BOSWatch and no line of a receiver", INVALID)
    capture.batch.refused.extend(refused)
    for packet in found:
        _packet(capture.batch.fields(packet), capture)
    return capture.batch.decoded()


def _packet(packet: Fields, capture: Capture) -> None:
    mode = packet.said("mode") or next((name for key, name in _MODES.items() if packet.has(key)), None)
    match mode:
        case "fms":
            _fms(packet, capture)
        case "pocsag":
            _pocsag(packet, capture)
        case "zvei":
            _zvei(packet, capture)
        case "msg":
            _text(packet, capture)
        case _:
            capture.batch.refuse(f"unknown mode {str(mode)[:40]!r}", packet.raw, kind=UNKNOWN_TYPE)


_MODES = {"fms": "fms", "ric": "pocsag", "tone": "zvei", "message": "msg"}
"""What a packet without a mode is, by the member it has."""


def _fms(packet: Fields, capture: Capture) -> None:
    parts = (packet.said(name) or "" for name in ("service", "country", "location", "vehicle"))
    written = _HEX.fullmatch(packet.said("fms") or "".join(parts))
    if written is None:
        capture.batch.refuse("an FMS telegram without its eight digits", packet.raw)
        return
    who = Identity(written[1].lower())
    code = packet.said("status") or written[2] or ""
    direction = int(packet.said("direction") == "1" or (not packet.has("direction") and written[3] == "1"))
    packet.of = subject(NAME, "unit", who.digits)
    at = packet.said("timestamp", local_time)
    if _repeated(f"{who.digits}{direction}", code, at, capture):
        return
    if direction == TO_VEHICLE:
        _call(packet, who, code, at, capture)
    elif code.casefold() not in NO_STATUS:
        _status(packet, who, code, at, capture)


def _repeated(key: str, code: str, at: datetime | None, capture: Capture) -> bool:
    last = capture.heard.get(key)
    capture.heard[key] = (code, at)
    if last is None or last[0] != code:
        return False
    if at is None or last[1] is None:
        return at is last[1]
    return abs(at - last[1]) <= timedelta(seconds=REPEATS_S)


def _status(packet: Fields, who: Identity, code: str, at: datetime | None, capture: Capture) -> None:
    status: int | UnsetType = UNSET
    if code.isdecimal() and code.isascii() and len(code) == 1:
        status = int(code)
    else:
        capture.batch.refuse(f"unknown status {code[:40]!r}", packet.raw, packet.of, UNKNOWN_TYPE)
    call_sign = capture.options.call_signs.get(who.digits) or packet.said("description|fmsDescription|descr")
    content = Unit(
        name=call_sign or who.digits,
        call_sign=call_sign or UNSET,
        categories=UNSET if who.service is None else (who.service,),
        fms_status=status,
    )
    extra = {"state": who.state, "place": who.place, "vehicle": who.vehicle, "status": code}
    extra |= {name: packet.get(name) for name in ("statusText", "tacticalInfo", *_PACKET_EXTRA)}
    capture.batch.claim(
        str(packet.of), content, at=at, flags=packet.flags, extra=extra, repeats_s=REPEATS_S, identity=code
    )


def _call(packet: Fields, who: Identity, code: str, at: datetime | None, capture: Capture) -> None:
    """What the control room asks of a vehicle: it is told, it changes no status."""
    content = Note(
        text=CALLS.get(code.upper()) or packet.said("statusText") or code,
        message_type="FMS_CALL",
        origin="control",
        receiver=packet.of or UNSET,
        parameters={"code": code},
    )
    of = subject(NAME, "call", who.digits)
    capture.batch.claim(of, content, at=at, flags=packet.flags, repeats_s=REPEATS_S, identity=code)


def _pocsag(packet: Fields, capture: Capture) -> None:
    ric, sub = packet.said("ric"), packet.said("subricText") or _letter(packet.said("subric"))
    if ric is None:
        capture.batch.refuse("a page without a RIC", packet.raw)
        return
    loop = f"{ric.zfill(7)}{(sub or '').upper()}"
    message = plain(packet.said("message") or "")
    name = capture.options.loops.get(loop) or packet.said("description|ricDescription|descr") or loop
    if message:
        _page(packet, loop, name, message, capture)
        return
    content = Note(text=name, message_type="PAGER", origin="logbook", receiver=name, parameters={"ric": loop})
    packet.of = of = subject(NAME, "ric", loop)
    capture.batch.claim(of, content, at=packet.said("timestamp", local_time), flags=packet.flags, repeats_s=REPEATS_S)


def _letter(sub: str | None) -> str | None:
    return {"1": "A", "2": "B", "3": "C", "4": "D"}.get(sub or "")


def _page(packet: Fields, loop: str, name: str, message: str, capture: Capture) -> None:
    """A page with words is an alarm; the same words to several loops on one day are one mission."""
    options, at = capture.options, packet.said("timestamp", local_time)
    place = in_text(message)
    said = _fields(message if place is None else place[2], options)
    day = local(at or capture.batch.context.received_at, capture.batch.context.zone).date().isoformat()
    number = said.get("number")
    packet.of = of = subject(NAME, number) if number else subject(NAME, "page", day, idempotency_key(message))
    keyword = said.get("keyword") or UNSET
    postal = (said.get(part) or UNSET for part in ("street", "house", "postcode", "city"))
    content = Mission(
        number=number or UNSET,
        keyword=keyword,
        category=options.catalogue.category(keyword if isinstance(keyword, str) else message),
        description=said.get("description") or UNSET,
        address=address(*postal),
        location_detail=", ".join(filter(None, (said.get("district"), said.get("detail")))) or UNSET,
        issued_at=at or UNSET,
    )
    extra = {f"alerted {loop}": name, **{each: packet.get(each) for each in ("bitrate", *_PACKET_EXTRA)}}
    geometry = UNSET if place is None else packet.place(place[0], place[1])
    capture.batch.claim(
        of,
        content,
        at=at,
        flags=packet.flags,
        geometry=geometry,
        extra=extra,
        every_s=PAGE_S,
        repeats_s=PAGE_S,
        identity=f"{loop} {message}",
    )


def _fields(message: str, options: BosOptions) -> dict[str, str]:
    parts = [part.strip() for part in message.split(options.separator)] if options.separator else [message]
    if len(parts) == 1:
        return {"description": message}
    said = {name: part for name, part in zip(options.fields, parts, strict=False) if name and part}
    further = [said.pop("description", ""), *parts[len(options.fields) :]]
    return {**said, "description": "\n".join(filter(None, further))}


def _zvei(packet: Fields, capture: Capture) -> None:
    written = (packet.said("tone") or "").upper()
    if not re.fullmatch(r"[0-9][0-9E]{4}", written):
        capture.batch.refuse("no five-tone call", packet.raw)
        return
    tones = written
    while "E" in tones:  # E repeats the tone before it
        place = tones.index("E")
        tones = tones[:place] + tones[place - 1] + tones[place + 1 :]
    name = capture.options.loops.get(tones) or packet.said("description|zveiDescription|descr") or tones
    content = Note(text=name, message_type="ZVEI", origin="logbook", receiver=name, parameters={"tone": tones})
    packet.of = of = subject(NAME, "zvei", tones)
    extra = {name: packet.get(name) for name in _PACKET_EXTRA}
    at = packet.said("timestamp", local_time)
    capture.batch.claim(of, content, at=at, flags=packet.flags, extra=extra, repeats_s=REPEATS_S, identity=tones)


def _text(packet: Fields, capture: Capture) -> None:
    message = plain(packet.said("message") or "")
    if not message:
        capture.batch.refuse("a message without words", packet.raw)
        return
    at: Any = packet.said("timestamp", local_time)
    content = Note(text=message, message_type="MSG", origin="logbook", sender_name=packet.get("clientName"))
    of = subject(NAME, "note", idempotency_key(str(at or capture.batch.context.received_at), message))
    capture.batch.claim(of, content, at=at, flags=packet.flags)
