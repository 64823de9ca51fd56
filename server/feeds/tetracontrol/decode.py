"""A message of `live.json` becomes a unit, a mission, a siren or a note; what a device says of itself is left out."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec import UNSET, Struct, UnsetType

from layers.call_signs import opta
from layers.content import Device, Mission, Note, Unit
from layers.observation import idempotency_key
from server.feeds import INVALID, UNKNOWN_TYPE, Context, Decoded, DecodeError
from server.feeds._addresses import address
from server.feeds._batch import NO_POSITION, Batch, Fields, settings, subject
from server.feeds._documents import documents
from server.feeds._positions import in_text
from server.feeds._secrets import clean
from server.feeds._times import local
from server.feeds.ngsi.values import Bad, Reading, text, time
from server.feeds.tetracontrol import callout
from server.feeds.tetracontrol.callout import Remark, Words
from server.feeds.tetracontrol.options import TetraOptions

NAME = "tetracontrol"
OWN = frozenset({"radio", "devupd"})
"""What TetraControl says of its own devices."""
ECHO = "Gesendet:"
"""How the text of a short message begins that the device itself has sent."""
REPEATS_S = 180
"""A callout of the same reference and words within this time is a repeat."""
_STATUS_CODE = re.compile(r"80(?:0[2-9A-B])", re.IGNORECASE)
"""Status of the TETRA network from 0x8002 on: FMS 0 to 9 in the order of the BOS status list."""
_SIREN_STATUS = re.compile(r"E[0-9A-F]{3}", re.IGNORECASE)
_DATE = re.compile(r"/?\\?/?Date\((-?\d{1,15})(?:[+-]\d{4})?\)\\?/?")


class Capture(Struct):
    """One body being read. `called` is when each callout was last heard, by reference and words."""

    batch: Batch
    options: TetraOptions
    called: dict[str, datetime] = {}


def decode(body: bytes, context: Context) -> Decoded:
    """Observations of one or several messages. Raises DecodeError."""
    capture = Capture(Batch(context), settings(context, TetraOptions))
    capture.options.compiled()
    batch = capture.batch
    given = documents(clean(body), context.limits)
    batch.refused.extend(given.refused)
    understood = False
    for document in given.found:
        for message in document if isinstance(document, list) else [document]:
            understood = True
            if isinstance(message, Mapping):
                _message(batch.fields(message), capture)
            else:
                batch.refuse("a message is an object", message)
    if not understood and not batch.refused:
        raise DecodeError("no message of TetraControl", INVALID)
    return batch.decoded()


def _message(message: Fields, capture: Capture) -> None:
    match message.said("type"):
        case "status":
            _status(message, capture)
        case "pos":
            _position(message, capture.batch)
        case "sds" | "callout" as kind:
            _short_message(message, str(kind), capture)
        case kind if kind not in OWN:
            capture.batch.refuse(f"unknown type {str(kind)[:40]!r}", message.raw, kind=UNKNOWN_TYPE)


def _sender(message: Fields, batch: Batch) -> str | None:
    """The ISSI of the sender; where there is none, the radio's own id (flag `sender_assumed`)."""
    issi = message.said("srcSSI")
    if issi not in (None, "0"):
        return str(issi)
    radio = message.said("radioID")
    if radio in (None, "0"):
        batch.refuse("a message without a sender", message.raw)
        return None
    message.flags.add("sender_assumed")
    return str(radio)


def _status(message: Fields, capture: Capture) -> None:
    batch, options = capture.batch, capture.options
    sender = _sender(message, batch)
    if sender is None:
        return
    written, code = message.said("status") or "", message.said("statusCode") or ""
    if _SIREN_STATUS.fullmatch(code):
        _siren_status(message, sender, code.upper(), batch, options)
        return
    status: int | UnsetType = UNSET
    if re.fullmatch(r"\d", written):
        status = int(written)
    elif _STATUS_CODE.fullmatch(code):
        status = int(code, 16) - 0x8002
    else:
        batch.refuse(
            f"unknown status {(written or code)[:40]!r}", message.raw, subject(NAME, "unit", sender), UNKNOWN_TYPE
        )
    if status is UNSET or status not in options.ignored_statuses:
        extra = {name: message.get(name) for name in ("status", "statusCode", "statusText")}
        _unit(message, sender, batch, fms_status=status, extra=extra)


def _position(message: Fields, batch: Batch) -> None:
    sender = _sender(message, batch)
    if sender is not None:
        _unit(message, sender, batch, fms_status=UNSET, extra={"Alt": message.get("Alt")})


def _unit(message: Fields, sender: str, batch: Batch, fms_status: Any, extra: dict[str, Any]) -> None:
    message.of = of = subject(NAME, "unit", sender)
    geometry = _place(message)
    if geometry is not UNSET and message.said("FixQual") == "0":
        message.flags.add("no_fix")
    name = message.get("srcName") if "sender_assumed" not in message.flags else message.get("radioName")
    known = opta(name) if isinstance(name, str) else None
    content = Unit(name=name, call_sign=name if known is None else known.label, fms_status=fms_status)
    batch.claim(of, content, at=message.said("ts", moment), flags=message.flags, geometry=geometry, extra=extra)


def _place(message: Fields) -> Any:
    """Where the sender is. Only of a message that is to say so, 0/0 is told as missing: others always have it."""
    place = message.point("Lon", "Lat")
    if message.said("type") != "pos":
        message.flags.discard(NO_POSITION)
    return place


def _siren_status(message: Fields, sender: str, code: str, batch: Batch, options: TetraOptions) -> None:
    content = Device(
        name=message.get("srcName"),
        categories=("siren",),
        measures=("siren_status",),
        value=code,
        state=options.siren_states.get(code, UNSET),
    )
    of = message.of = subject(NAME, "siren", sender)
    extra = {"statusText": message.get("statusText")}
    geometry = _place(message)
    batch.claim(of, content, at=message.said("ts", moment), flags=message.flags, geometry=geometry, extra=extra)


def _short_message(message: Fields, kind: str, capture: Capture) -> None:
    batch, options = capture.batch, capture.options
    said, remark = message.said("text") or "", callout.remark(message.said("remark") or "")
    if said.startswith(ECHO):
        return
    if alarm := callout.siren(said):
        _siren_alarm(message, *alarm, batch, options)
    elif kind == "callout" or remark.kind == callout.CALLOUT:
        _callout(message, remark, callout.words(said, options), capture)
    elif remark.kind in (callout.FEEDBACK, callout.AVAILABILITY):
        _answer(message, remark, batch, options)
    elif said and callout.as_lines(said, options) is not None:
        _callout(message, remark, callout.words(said, options), capture)
    elif said:
        _note(message, said, batch)


def _day(at: datetime | None, batch: Batch) -> str:
    return local(at or batch.context.received_at, batch.context.zone).date().isoformat()


def _callout(message: Fields, remark: Remark, words: Words, capture: Capture) -> None:
    batch, options = capture.batch, capture.options
    at = message.said("ts", moment)
    if words.number:
        of = subject(NAME, words.number)
    elif remark.reference.isdecimal():
        of = subject(NAME, f"{_day(at, batch)}-{remark.reference}")
    else:
        message.flags.add("id_assumed")
        of = subject(NAME, idempotency_key(_day(at, batch), words.keyword, words.description))
    message.of = of
    identity = f"{of} {words}"
    if at is not None:
        before = capture.called.get(identity)
        capture.called[identity] = at
        if before is not None and abs(at - before) <= timedelta(seconds=REPEATS_S):
            return
    keyword = words.keyword or options.severities.get(remark.severity, "")
    content = Mission(
        number=words.number or UNSET,
        keyword=keyword or UNSET,
        category=options.catalogue.category(keyword or words.description),
        description=words.description or UNSET,
        address=address(*(part or UNSET for part in (words.street, words.house, words.postcode, words.city))),
        location_detail=", ".join(filter(None, (words.district, words.detail))) or UNSET,
        alert_source=message.get("srcName|srcSSI"),
        issued_at=at or UNSET,
    )
    extra = {
        "severity": remark.severity,
        "callout_reference": remark.reference,
        "subaddresses": list(callout.split(remark.last) or words.subaddresses),
        "ric": words.ric,
        **{name: message.get(name) for name in ("destSSI", "destName")},
    }
    geometry = message.place(*words.position) if words.position else UNSET
    batch.claim(
        of,
        content,
        at=at,
        flags=message.flags,
        geometry=geometry,
        extra=extra,
        every_s=REPEATS_S,
        repeats_s=REPEATS_S,
        identity=identity,
    )


def _answer(message: Fields, remark: Remark, batch: Batch, options: TetraOptions) -> None:
    """Whether the bearer of a pager comes, or is available at all: about a person, replaced by the next answer."""
    sender = _sender(message, batch)
    if sender is None:
        return
    at, code = message.said("ts", moment), remark.code
    if remark.kind == callout.FEEDBACK:
        kind, known = "RESPONSE", {"coming": options.coming, "not_coming": options.not_coming}
        mission: Any = subject(NAME, f"{_day(at, batch)}-{remark.reference}") if remark.reference.isdecimal() else UNSET
    else:
        kind, known = "AVAILABILITY", {"available": options.available, "not_available": options.not_available}
        mission = UNSET
    answer = next((name for name, codes in known.items() if code in codes), "unknown")
    content = Note(
        text=message.said("text") or answer,
        message_type=kind,
        origin="crew",
        sender_id=sender,
        sender_name=message.get("srcName"),
        mission=mission,
        parameters={"answer": answer, "code": code, "callout_reference": remark.reference},
    )
    of = subject(NAME, "answer" if kind == "RESPONSE" else "availability", sender)
    batch.claim(of, content, at=at, flags=message.flags, personal=True)


def _siren_alarm(message: Fields, addresses: tuple[str, ...], code: str, batch: Batch, options: TetraOptions) -> None:
    meaning = options.sirens.get(code, "unknown")
    content = Note(
        text=f"${code} {meaning}",
        message_type="SIREN",
        origin="logbook",
        sender_id=message.get("srcSSI"),
        receiver=message.get("destName|destSSI"),
        parameters={"code": code, "meaning": meaning, "subaddresses": list(addresses)},
    )
    _logged(message, content, batch)


def _note(message: Fields, said: str, batch: Batch) -> None:
    place = in_text(said)
    content = Note(
        text=said if place is None else place[2],
        message_type="SDS",
        origin="logbook",
        sender_id=message.get("srcSSI"),
        sender_name=message.get("srcName"),
        receiver=message.get("destSSI"),
    )
    _logged(message, content, batch, UNSET if place is None else message.place(place[0], place[1]))


def _logged(message: Fields, content: Note, batch: Batch, geometry: Any = UNSET) -> None:
    at = message.said("ts", moment)
    key = idempotency_key(str(at or batch.context.received_at), str(message.said("srcSSI")), str(message.said("text")))
    batch.claim(subject(NAME, "note", key), content, at=at, flags=message.flags, geometry=geometry)


def moment(value: Any, reading: Reading) -> datetime | None:
    """`/Date(1700000000000)/`: milliseconds since 1970, UTC whatever offset is shown; else a time as any other."""
    written = text(value, reading)
    found = _DATE.fullmatch(written) if written is not None else None
    if found is None:
        return time(value, reading)
    try:
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=int(found[1]))
    except OverflowError as error:
        raise Bad("no time") from error
