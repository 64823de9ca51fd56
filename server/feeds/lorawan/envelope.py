"""Uplinks as network servers hand them on: The Things Stack v3 (three outer forms), ChirpStack v4, LORIOT."""

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import UNSET, Struct, UnsetType

from layers.observation import Geometry
from server.feeds import UNKNOWN_TYPE
from server.feeds._batch import Batch, Fields
from server.feeds.ngsi.values import flag, name, number, text, whole

MAX_PAYLOAD = 512
"""LoRaWAN carries 242 bytes at most."""
_EUI = re.compile(r"[0-9A-Fa-f]{16}")
_TTS_OTHER = frozenset(
    {
        *("join_accept", "downlink_ack", "downlink_nack", "downlink_sent", "downlink_failed", "downlink_queued"),
        *("downlink_queue_invalidated", "service_data", "uplink_normalized"),
    }
)
"""What else The Things Stack sends to the same place: none of it is of the field."""


class Uplink(Struct, kw_only=True):
    """One uplink. `key` tells a repeat of it; `at` and `said` are times as written (device side, network server)."""

    eui: str | None
    device_id: str | None
    application: str | None
    port: int
    payload: bytes
    key: str
    at: Any = None
    said: Any = None
    models: tuple[str | None, ...] = ()
    title: str | None = None
    geometry: Geometry | UnsetType = UNSET
    decoded: Mapping[str, Any] = {}
    simulated: bool = False
    every_s: int = 0
    extra: dict[str, Any] = {}


def uplinks(document: Any, batch: Batch, depth: int = 0) -> Iterator[tuple[Uplink, Fields]]:
    """The uplinks of a document with the record they were read from. What is none is refused."""
    if isinstance(document, list):
        if not document:
            batch.refuse("no uplink", document)
        for item in document[: batch.context.limits.entities]:
            yield from uplinks(item, batch, depth + 1)
        if len(document) > batch.context.limits.entities:
            batch.refuse(f"{len(document)} uplinks, more than {batch.context.limits.entities}")
        return
    if not isinstance(document, Mapping) or depth > 3:
        batch.refuse("an uplink is an object", document)
    elif isinstance(document.get("end_device_ids"), Mapping):
        yield from _things_stack(batch.fields(document))
    elif isinstance(document.get("deviceInfo"), Mapping):
        yield from _chirpstack(batch.fields(document))
    elif "cmd" in document and "EUI" in document:
        yield from _loriot(batch.fields(document))
    elif (inner := next((document[key] for key in ("result", "data") if _holds(document.get(key))), None)) is not None:
        yield from uplinks(inner, batch, depth + 1)
    elif isinstance(document.get("name"), str) and "identifiers" in document:
        return  # an event of the console that is no uplink
    else:
        batch.refuse("no uplink of The Things Stack, ChirpStack or LORIOT", document)


def _holds(value: Any) -> bool:
    return isinstance(value, list) or (isinstance(value, Mapping) and bool({"end_device_ids", "result"} & value.keys()))


def _things_stack(message: Fields) -> Iterator[tuple[Uplink, Fields]]:
    ids = message.inner("end_device_ids")
    eui, device_id = _eui(ids.said("dev_eui", name)), ids.said("device_id", name)
    application = ids.inner("application_ids").said("application_id", name)
    message.of = f"lorawan:{eui or device_id}"[:256]
    if not message.has("uplink_message"):
        if message.has("location_solved"):
            solved = message.inner("location_solved")
            yield (
                Uplink(
                    eui=eui,
                    device_id=device_id,
                    application=application,
                    port=0,
                    payload=b"",
                    key="location",
                    at=message.raw.get("received_at"),
                    geometry=_place(solved.inner("location")),
                ),
                message,
            )
        elif _TTS_OTHER.isdisjoint(message.raw):
            message.batch.refuse("no uplink_message", message.raw, message.of, UNKNOWN_TYPE)
        return
    uplink = message.inner("uplink_message")
    uplink.of = message.of
    port, count = uplink.said("f_port", whole(0, 255)) or 0, uplink.said("f_cnt", whole()) or 0
    payload = _base64(uplink, "frm_payload")
    if payload is None:
        return
    version = uplink.inner("version_ids")
    session = uplink.said("session_key_id", name)
    received = uplink.raw.get("received_at") or message.raw.get("received_at")
    gateways = uplink.each("rx_metadata")
    at = uplink.inner("settings").raw.get("time") or next((g.raw["time"] for g in gateways if g.has("time")), None)
    decoded = uplink.raw.get("decoded_payload")
    yield (
        Uplink(
            eui=eui,
            device_id=device_id,
            application=application,
            port=port,
            payload=payload,
            key=f"{session or str(received)[:10]}/{count}/{port}/{payload.hex()}",
            at=at or received,
            said=received,
            models=(version.said("model_id"), version.said("brand_id")),
            geometry=_stack_place(uplink.inner("locations")),
            decoded=decoded if isinstance(decoded, Mapping) else {},
            simulated=message.said("simulated", flag) is True,
            extra={"f_cnt": count, **_radio(gateways, "gateway_ids")},
        ),
        message,
    )


def _chirpstack(message: Fields) -> Iterator[tuple[Uplink, Fields]]:
    info = message.inner("deviceInfo")
    eui = _eui(info.said("devEui", name))
    message.of = f"lorawan:{eui or info.said('deviceName', name)}"[:256]
    key, title = message.said("deduplicationId", name), info.said("deviceName", name)
    base: dict[str, Any] = {
        "eui": eui,
        "device_id": title,
        "application": info.said("applicationName|applicationId", name),
        "at": message.raw.get("time"),
        "title": title,
    }
    if "batteryLevel" in message.raw and "data" not in message.raw:
        battery = message.said("batteryLevel", number)
        level = {} if battery is None else {"battery": battery}
        yield Uplink(**base, port=0, payload=b"", key=f"status/{key}", decoded=level), message
        return
    if "location" in message.raw and "data" not in message.raw:
        place = _place(message.inner("location"))
        yield Uplink(**base, port=0, payload=b"", key=f"location/{key}", geometry=place), message
        return
    if not {"data", "fPort", "object"} & message.raw.keys():
        return  # join, ack, txack, log, integration: nothing of the field
    payload = _base64(message, "data")
    if payload is None:
        return
    decoded, tags = message.raw.get("object"), info.inner("tags")
    count, port = message.said("fCnt", whole()) or 0, message.said("fPort", whole(0, 255)) or 0
    yield (
        Uplink(
            **base,
            port=port,
            payload=payload,
            key=key or f"{count}/{port}/{payload.hex()}",
            models=(tags.said("model"), info.said("deviceProfileName"), title),
            decoded=decoded if isinstance(decoded, Mapping) else {},
            extra={"f_cnt": count, **_radio(message.each("rxInfo"), "gatewayId")},
        ),
        message,
    )


def _loriot(message: Fields) -> Iterator[tuple[Uplink, Fields]]:
    if message.said("cmd") not in ("rx", "gw"):
        return  # confirmations of downlinks, errors
    eui = _eui((message.said("EUI", name) or "").replace("-", "").replace(":", ""))
    message.of = f"lorawan:{eui}"
    written = message.said("data") or ""
    try:
        payload = bytes.fromhex(written)
    except ValueError:
        message.bad("data", "hexadecimal digits are expected", written)
        return
    count, port = message.said("fcnt", whole()) or 0, message.said("port", whole(0, 255)) or 0
    radio = {"rssi": message.said("rssi", number), "snr": message.said("snr", number)}
    yield (
        Uplink(
            eui=eui,
            device_id=None,
            application=None,
            port=port,
            payload=payload[:MAX_PAYLOAD],
            key=f"{count}/{port}",
            at=message.raw.get("ts"),
            every_s=10,
            extra={"f_cnt": count, **radio},
        ),
        message,
    )


def _eui(written: str | None) -> str | None:
    return written.lower() if written and _EUI.fullmatch(written) else None


def _base64(message: Fields, member: str) -> bytes | None:
    """The payload, also an empty one; None (and refused) where it cannot be read."""
    written = message.said(member, text) or ""
    try:
        found = base64.b64decode(written, validate=True)
    except (binascii.Error, ValueError):
        message.bad(member, "base64 is expected", written[:200])
        return None
    if len(found) > MAX_PAYLOAD:
        message.bad(member, f"{len(found)} bytes, more than {MAX_PAYLOAD}", "")
        return None
    return found


def _stack_place(locations: Fields) -> Geometry | UnsetType:
    """The registered position, else the one the device's payload gave. Never a gateway's."""
    for source in ("user", "frm-payload"):
        if isinstance(locations.raw.get(source), Mapping):
            return _place(locations.inner(source))
    return UNSET


def _place(location: Fields) -> Geometry | UnsetType:
    """A coordinate that is left out beside the other one is zero (protobuf's JSON)."""
    if not {"longitude", "latitude"} & location.raw.keys():
        return UNSET
    return location.place(location.said("longitude", number) or 0.0, location.said("latitude", number) or 0.0)


def _radio(gateways: list[Fields], named: str) -> dict[str, Any]:
    """How well the device was heard: the best of the gateways."""
    levels = [level for gateway in gateways if (level := gateway.said("rssi", number)) is not None]
    return {"gateways": sum(gateway.has(named) for gateway in gateways), "rssi": max(levels, default=None)}
