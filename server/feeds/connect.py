"""Feuersoftware Connect, public interface: operations, status and positions of vehicles, answers of crew members.

Members are read in any case (`Number`, `number`). Whose status it is stands in the address (`vehicle/{issi}/status`),
so whole requests are taken; a record may also name its radio itself. An operation without a number is known by its
start and words: by address or position alone two incidents of one street would become one.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from msgspec import UNSET

from layers.content import Mission, Note, Unit
from layers.observation import idempotency_key
from server.feeds import INVALID, Context, Decoded, DecodeError, Feed
from server.feeds._addresses import address
from server.feeds._batch import Batch, Fields, settings, subject
from server.feeds._dispatch import BERLIN, DispatchOptions, category, fms_status, person
from server.feeds._documents import documents
from server.feeds._requests import requests
from server.feeds._secrets import clean, is_secret
from server.feeds.ngsi.values import Reading, choice, time

NAME = "connect"
ANSWERS = {"Coming": "coming", "NotComing": "not_coming", "ComingLater": "coming_later", "NotSet": "not_set"}
CLOSED = frozenset({"cancel", "close", "cancelled", "closed"})
"""Status words of an operation that end it; New and Update open it."""
_RADIO = "Issi|RadioId|VehicleIssi"
RETRY_S = 600


def decode(body: bytes, context: Context) -> Decoded:
    """Missions, units and answers. Raises DecodeError."""
    batch, options = Batch(context), settings(context, DispatchOptions)
    understood = False
    for request in requests(clean(body)):
        given = documents(request.body, context.limits)
        batch.refused.extend(given.refused)
        for document in given.found:
            for record in document if isinstance(document, list) else [document]:
                _record(record, request.after("vehicle"), batch, options)
                understood = True
    if not understood and not batch.refused:
        raise DecodeError("no message of Connect", INVALID)
    return batch.decoded()


def _record(record: Any, issi: str | None, batch: Batch, options: DispatchOptions) -> None:
    if not isinstance(record, Mapping):
        batch.refuse("a record is an object", record)
        return
    fields = batch.fields(record, folded=True)
    if fields.has("PagerIssi"):
        _answer(fields, batch)
    elif issi is not None or fields.has("StatusTimestamp|PositionTimestamp|CallSign|RadioId|VehicleIssi"):
        _vehicle(fields, issi, batch)
    elif fields.has("Number|Keyword|Facts|Start|Address"):
        _operation(fields, batch, options)
    else:
        batch.refuse("neither an operation nor a vehicle nor an answer", record)


def _operation(operation: Fields, batch: Batch, options: DispatchOptions) -> None:
    number, keyword = operation.said("Number"), operation.get("Keyword")
    started = operation.said("Start", moment)
    created, updated = operation.said("CreatedAt", moment), operation.said("LastUpdateAt", moment)
    if number is None:
        operation.flags.add("id_assumed")
        words = (str(started), str(keyword), str(operation.said("Facts")), str(operation.said("Ric")))
        of = subject(NAME, idempotency_key(*words))
    else:
        of = subject(NAME, number)
    operation.of = of
    place = operation.inner("Address")
    status = operation.said("Status")
    content = Mission(
        number=operation.get("Number"),
        keyword=keyword,
        category=category(options, keyword),
        description=operation.get("Facts"),
        address=address(place.get("Street"), place.get("HouseNumber"), place.get("ZipCode"), place.get("City")),
        location_detail=place.get("District"),
        alert_source=operation.get("Source"),
        reporter=operation.inner("Reporter").get("Name", person),
        issued_at=created or UNSET,
        valid_from=started or UNSET,
        closed=UNSET if status is None else status.casefold() in CLOSED,
    )
    properties = {each.said("Key"): each.said("Value") for each in operation.each("Properties")}
    extra = {
        "ric": operation.get("Ric"),
        "status": status,
        "properties": {key: value for key, value in properties.items() if key and value and not is_secret(key)},
    }
    at = max(filter(None, (updated, created, started)), default=None)
    geometry = operation.inner("Position").point("Longitude", "Latitude")
    batch.claim(of, content, at=at, flags=operation.flags, geometry=geometry, extra=extra, every_s=RETRY_S)


def _vehicle(vehicle: Fields, issi: str | None, batch: Batch) -> None:
    """A vehicle's status or position, or its entry in the list of vehicles. Each has a time of its own."""
    key = issi or vehicle.said(_RADIO)
    if key is None:
        batch.refuse("a vehicle without a radio id", vehicle.raw)
        return
    vehicle.of = of = subject(NAME, "unit", key)
    name = vehicle.get("CallSign")
    if name is not UNSET:
        batch.claim(of, Unit(name=name, call_sign=name), at=None, extra={"id": vehicle.get("Id")}, every_s=RETRY_S)
    if vehicle.has("Status"):
        at = vehicle.said("StatusTimestamp", moment)
        content = Unit(fms_status=fms_status(vehicle, "Status"))
        extra = {"status": vehicle.raw.get("status"), "source": vehicle.get("Source")}
        batch.claim(of, content, at=at, flags=vehicle.flags, extra=extra)
    if vehicle.has("Position"):
        vehicle.flags.clear()
        at = vehicle.said("PositionTimestamp", moment)
        geometry = vehicle.inner("Position").point("Longitude", "Latitude")
        batch.claim(of, Unit(), at=at, flags=vehicle.flags, geometry=geometry, extra={"source": vehicle.get("Source")})


def _answer(answer: Fields, batch: Batch) -> None:
    """Whether a crew member comes: about a person, and replaced by the member's next answer."""
    issi = answer.said("PagerIssi")
    of = answer.of = subject(NAME, "answer", str(issi))
    said = answer.said("Status", choice(*ANSWERS)) or "unknown"
    content = Note(
        text=ANSWERS.get(said, said),
        message_type="RESPONSE",
        origin="crew",
        sender_id=issi,
        parameters={"answer": ANSWERS.get(said, said), "written": answer.said("Status")},
    )
    batch.claim(of, content, at=answer.said("Timestamp", moment), flags=answer.flags, personal=True)


def moment(value: Any, reading: Reading) -> datetime | None:
    """A time; the year 1, with which .NET fills what was never set, is none."""
    return None if isinstance(value, str) and value.startswith("0001-01-01") else time(value, reading)


FEED = Feed(name=NAME, title="Feuersoftware Connect", decode=decode, zone=BERLIN, clean=clean, options=DispatchOptions)
