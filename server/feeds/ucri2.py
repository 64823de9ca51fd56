"""UCRI2 (PMeV, successor of DIN SPEC 91287): what one control room hands to another.

An envelope carries the message of an app as JSON in a text (`payload.data`); which message it is shows its members. An
incident is known by its `sharedIncidentId`, which both control rooms share. Times are UTC. In the schema a person's
`name` is the family name and `surname` the first name. Signatures are checked by the message broker, not here.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import UNSET

from layers.content import Mission, Note, Unit
from layers.observation import idempotency_key
from server.feeds import INVALID, UNKNOWN_TYPE, Context, Decoded, DecodeError, Feed
from server.feeds._addresses import address
from server.feeds._batch import Batch, Fields, joined, settings, subject
from server.feeds._dispatch import DispatchOptions, person
from server.feeds._documents import documents
from server.feeds._json import load
from server.feeds._secrets import clean
from server.feeds.ngsi.values import flag, time, words

NAME = "ucri2"
ENCRYPTED = "application/jose"
TRANSPORT = "transport_layer_messages"
"""The app in which the broker speaks of itself."""


def decode(body: bytes, context: Context) -> Decoded:
    """Missions, units and notes. Raises DecodeError."""
    batch, options = Batch(context), settings(context, DispatchOptions)
    given = documents(clean(body), context.limits)
    batch.refused.extend(given.refused)
    understood = False
    for document in given.found:
        for envelope in _envelopes(document):
            understood = True
            _envelope(envelope, batch, options)
    if not understood and not batch.refused:
        raise DecodeError("no message of UCRI2", INVALID)
    return batch.decoded()


def _envelopes(document: Any) -> Iterator[Any]:
    """Messages as they are queued: a list, each perhaps with its sequence id around it."""
    if isinstance(document, list):
        for item in document:
            yield from _envelopes(item)
    elif isinstance(document, Mapping) and isinstance(document.get("messages"), list):
        yield from _envelopes(document["messages"])
    elif isinstance(document, Mapping) and isinstance(document.get("message"), Mapping) and "payload" not in document:
        yield document["message"]
    else:
        yield document


def _envelope(envelope: Any, batch: Batch, options: DispatchOptions) -> None:
    if not isinstance(envelope, Mapping):
        batch.refuse("a message is an object", envelope)
        return
    payload = envelope.get("payload")
    if not isinstance(payload, Mapping):
        _app_message(batch.fields(envelope), {}, batch, options)
        return
    if payload.get("appId") == TRANSPORT:
        return
    if payload.get("contentType") == ENCRYPTED:
        batch.refuse("an encrypted payload", kind=UNKNOWN_TYPE)
        return
    data = payload.get("data")
    if isinstance(data, str):
        try:
            data = load(data.encode("utf-8", "replace"), batch.context.limits)
        except DecodeError as error:
            batch.refuse(f"payload.data: {error.reason}", data)
            return
    if not isinstance(data, Mapping):
        batch.refuse("payload.data holds no message", data)
        return
    around = {"message_id": envelope.get("messageId"), "from": envelope.get("source"), "app": payload.get("appId")}
    _app_message(batch.fields(data), around, batch, options)


def _app_message(message: Fields, around: dict[str, Any], batch: Batch, options: DispatchOptions) -> None:
    shared = message.said("sharedIncidentId")
    of = None if shared is None else subject(NAME, shared.lower())
    message.of = of
    if of is not None and message.has("missionLocation"):
        _incident(message, of, around, batch, options)
    elif of is not None and message.has("completedAt"):
        extra = {"completion": message.get("status"), "completion_text": message.get("additionalInformation"), **around}
        batch.claim(of, Mission(closed=True), at=message.said("completedAt", time), flags=message.flags, extra=extra)
    elif of is not None and message.has("acknowledgedByDispatcherAt|notifications"):
        _notes(message, of, batch)
    elif message.has("resourceId"):
        _resource(message, around, batch)
    else:
        batch.refuse("a message of an app that is not taken", message.raw, of, UNKNOWN_TYPE)


def _incident(incident: Fields, of: str, around: dict[str, Any], batch: Batch, options: DispatchOptions) -> None:
    place = incident.inner("missionLocation")
    postal, point = place.inner("address"), place.inner("coordinate")
    keywords = incident.said("classifications", words) or ()
    started = incident.said("startTimestamp", time)
    at = incident.said("sentByDispatcherAt", time)
    content = Mission(
        number=incident.get("internalId|sharedIncidentId"),
        keyword=" ".join(keywords) or UNSET,
        category=_category(keywords, options),
        description=joined(incident.get("issue"), incident.get("additionalInformation"), by="\n"),
        address=address(*(postal.get(name) for name in ("street", "houseNumber", "postalCode", "city"))),
        location_detail=joined(
            place.inner("superiorObject").get("name"),
            place.inner("object").get("name"),
            place.get("floor"),
            place.get("room"),
            postal.get("cityDistrict"),
            place.get("additionalInformation"),
        ),
        alert_source=around.get("from") if isinstance(around.get("from"), str) else UNSET,
        reporter=_informer(incident),
        issued_at=started or at or UNSET,
        closed=False,
    )
    extra = {
        "flashing_lights": incident.get("flashingLights", flag),
        "patients": len(incident.each("patients")) or None,
        "requested": [found for each in incident.each("requestedResources") if (found := each.said("resourceType"))],
        "internal_id": incident.get("internalId"),
        **around,
    }
    geometry = point.point("lon", "lat")
    batch.claim(of, content, at=at, flags=incident.flags, geometry=geometry, extra=extra, every_s=600)
    for remark in incident.each("protocolRemarks"):
        _note(remark, of, batch)


def _category(keywords: tuple[str, ...], options: DispatchOptions) -> Any:
    """That of the first keyword that the table knows."""
    found = [options.catalogue.category(keyword) for keyword in keywords]
    return next((each for each in found if each != "unknown"), "unknown") if found else UNSET


def _informer(incident: Fields) -> Any:
    informers = incident.each("informers")
    if not informers:
        return UNSET
    return joined(informers[0].get("surname", person), informers[0].get("name", person), by=" ")


def _notes(message: Fields, of: str, batch: Batch) -> None:
    """Messages about an incident, or whether the other control room takes it."""
    if message.has("acknowledgedByDispatcherAt"):
        at, status = message.said("acknowledgedByDispatcherAt", time), message.said("status") or "unknown"
        content = Note(
            text=message.said("cause") or status,
            message_type="HANDOVER",
            origin="control",
            mission=of,
            issued_at=at or UNSET,
            parameters={"status": status},
        )
        batch.claim(subject(NAME, "handover", of.partition(":")[2]), content, at=at, flags=message.flags)
    for each in message.each("notifications"):
        _note(each, of, batch)


def _note(note: Fields, of: str, batch: Batch) -> None:
    said, at = note.said("message"), note.said("timestamp", time)
    if said is None:
        batch.refuse("a message without text", note.raw, of)
        return
    content = Note(
        text=said,
        message_type=note.get("category"),
        origin="control",
        mission=of,
        issued_at=at or UNSET,
        parameters={"silent": note.said("silent", flag)} if note.has("silent") else UNSET,
    )
    batch.claim(subject(NAME, "note", idempotency_key(of, str(at), said)), content, at=at, flags=note.flags)


def _resource(resource: Fields, around: dict[str, Any], batch: Batch) -> None:
    """A vehicle that was asked for has moved out."""
    resource.of = of = subject(NAME, "unit", str(resource.said("resourceId")))
    content = Unit(name=resource.get("resourceName"), vehicle_type=resource.get("resourceType"))
    extra = {"request": resource.get("resourceRequestId"), "comment": resource.get("comment"), **around}
    batch.claim(of, content, at=resource.said("deployedAt", time), flags=resource.flags, extra=extra)


FEED = Feed(
    name=NAME, title="UCRI2 between control rooms", decode=decode, zone="UTC", clean=clean, options=DispatchOptions
)
