"""An uplink becomes what its device counted, measured and detected."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec import UNSET, Struct, UnsetType

from layers.content import Content, CrowdCount, CrowdLine, Device
from server.feeds import INVALID, Context, Decoded, DecodeError
from server.feeds._batch import Batch, Fields, settings, subject
from server.feeds._homes import OK, TEST, WARNING, measure_of, on_or_off, state_of
from server.feeds._mqtt import messages, scalar
from server.feeds._secrets import clean
from server.feeds.lorawan.envelope import Uplink, uplinks
from server.feeds.lorawan.meaning import Meaning, dig, flat, meaning
from server.feeds.lorawan.models import understand
from server.feeds.lorawan.options import DeviceEntry, LorawanOptions
from server.feeds.lorawan.payload import Payload
from server.feeds.ngsi.values import Bad, time

NAME = "lorawan"
DESCRIBED = {"serial": "serial", "hardware_version": "hardware", "firmware_version": "firmware"}
"""What of a device's own words is shown, and under which word."""
DIFFERS, PARTIAL, UNDECODED = "decoded_differs", "payload_partial", "payload_unknown"
"""Flags: the network server reads a value differently; part of the payload is not understood; none of it is."""
GUESSED = "model_guessed"
"""Flag: neither model nor port tell the layout, but one explains every byte."""


class Told(Struct, kw_only=True):
    """What an uplink and its device's entry give to each observation made of it."""

    uplink: Uplink
    entry: DeviceEntry
    batch: Batch
    at: datetime | None
    said: datetime | None
    flags: set[str]
    extra: dict[str, Any]
    claims: int = 0

    def claim(self, *part: str, content: Content, extra: Mapping[str, Any] | None = None, past: bool = False) -> None:
        """One observation of a part of the device."""
        uplink, entry = self.uplink, self.entry
        self.claims += 1
        self.batch.claim(
            subject(NAME, *_who(uplink), *part),
            content,
            at=self.at,
            said=self.said,
            flags=self.flags,
            geometry=uplink.geometry if uplink.geometry is not UNSET else entry.geometry,
            extra={**self.extra, **(extra or {})},
            identity=uplink.key + ("/past" if past else ""),
            repeats_s=uplink.every_s,
        )


def decode(body: bytes, context: Context) -> Decoded:
    """Counts, crossings and devices. Raises DecodeError."""
    batch, options = Batch(context), settings(context, LorawanOptions)
    given = messages(clean(body), context.limits)
    batch.refused.extend(given.refused)
    for message in given.found:
        if message.payload is not None or message.topic is None:
            for uplink, fields in uplinks(message.payload, batch):
                _uplink(uplink, fields, options, batch)
    if not given.found and not batch.refused:
        raise DecodeError("no message of a LoRaWAN network server", INVALID)
    return batch.decoded()


def _who(uplink: Uplink) -> tuple[str, ...]:
    """EUI, else application and device: names of a redacted or missing EUI."""
    if uplink.eui:
        return (uplink.eui,)
    return tuple(part for part in (uplink.application, uplink.device_id) if part) or ("unknown",)


def _uplink(uplink: Uplink, fields: Fields, options: LorawanOptions, batch: Batch) -> None:
    if not uplink.eui and not uplink.device_id:
        batch.refuse("an uplink of a device without EUI and id", fields.raw)
        return
    entry = options.device(uplink.eui, uplink.device_id)
    models = (entry.model, options.model, *uplink.models, uplink.device_id)
    payload = understand(models, uplink.port, uplink.payload) if uplink.payload else None
    told = Told(
        uplink=uplink,
        entry=entry,
        batch=batch,
        at=_time(fields, "time", uplink.at),
        said=_time(fields, "received_at", uplink.said),
        flags=set(fields.flags),
        extra={"port": uplink.port or None, **uplink.extra},
    )
    if uplink.simulated:
        told.flags.add(TEST)
    decoded = flat(uplink.decoded)
    values = payload.values if payload is not None else decoded
    found = meaning(values)
    _flag(told, payload, decoded)
    told.extra.update(found.rest)
    if payload is not None:
        told.extra.update(payload.info)
        if payload.unread:
            told.extra["unread"] = payload.unread.hex()
    elif uplink.payload:
        told.extra["payload"] = uplink.payload.hex()
    _counts(told, found)
    _crossings(told, found.periods)
    _readings(told, found)
    _mapped(told)
    for past in payload.past if payload is not None else ():
        _past(told, past.at_s, meaning(past.values))
    described = _description(payload.info if payload is not None else {})
    if described or not told.claims:
        more = {"description": described} if described else {}
        told.claim("connection", content=_device(told, "connection", value=True, state=OK, **more))


def _description(info: Mapping[str, Any]) -> str:
    """What a device says of itself when it starts, as one line."""
    return ", ".join(f"{word} {info[name]}" for name, word in DESCRIBED.items() if name in info)


def _time(fields: Fields, name: str, written: Any) -> datetime | None:
    try:
        found: datetime | None = time(written, fields.reading)
    except Bad as error:
        fields.bad(name, str(error), written)
        return None
    return found


def _flag(told: Told, payload: Payload | None, decoded: Mapping[str, Any]) -> None:
    if payload is None:
        if told.uplink.payload:
            told.flags.add(UNDECODED)
        return
    if payload.unread:
        told.flags.add(PARTIAL)
    if payload.guessed:
        told.flags.add(GUESSED)
    same = payload.values.keys() & decoded.keys()
    if any(isinstance(decoded[name], int | float) and decoded[name] != payload.values[name] for name in same):
        told.flags.add(DIFFERS)


def _device(told: Told, measure: str, **more: Any) -> Device:
    return Device(
        name=told.entry.name or told.uplink.title or UNSET,
        building=told.entry.building or UNSET,
        categories=("sensor",),
        measures=(measure,),
        **more,
    )


def _counts(told: Told, found: Meaning) -> None:
    """Persons in a region now; persons over a line since the counter began."""
    for region, people in found.people.items():
        link = told.entry.regions.get(region, UNSET)
        told.claim(f"region_{region}", content=CrowdCount(people=people, region=link))
    for line, ways in found.totals.items():
        link = told.entry.lines.get(line, UNSET)
        count = CrowdCount(inbound_total=ways.get("in", UNSET), outbound_total=ways.get("out", UNSET), region=link)
        told.claim(f"line_{line}", content=count)


def _crossings(told: Told, periods: Mapping[str, Mapping[str, int]], at: datetime | None = None) -> None:
    """Who crossed a line in the reporting interval that ends with the uplink (or then)."""
    end = at or told.at
    begin = None
    if end is not None and told.entry.period_s and 0 < told.entry.period_s < 8 * 86_400:
        begin = end - timedelta(seconds=told.entry.period_s)
    for line, ways in periods.items():
        for way, people in ways.items():
            content = CrowdLine(
                name=told.entry.name or told.uplink.title or UNSET,
                people=people,
                direction="inbound" if way == "in" else "outbound",
                from_at=begin or UNSET,
                to_at=end or UNSET,
            )
            told.claim(f"line_{line}", way, content=content, past=at is not None)


def _readings(told: Told, found: Meaning) -> None:
    if found.readings.get("self_test", (False, UNSET))[0] is True:
        told.flags.add(TEST)
    testing = TEST in told.flags
    for measure, (value, state) in found.readings.items():
        if testing and state is not UNSET and value is True and measure != "self_test":
            state = WARNING
        told.claim(measure, content=_device(told, measure, value=value, state=state))


def _mapped(told: Told) -> None:
    """What the settings say of the network server's decoding: events and values of devices that we do not know."""
    for mapped in told.entry.fields:
        written = dig(told.uplink.decoded, mapped.path)
        if written is None:
            continue
        measure = measure_of(mapped.measure)
        on = on_or_off(written) if isinstance(written, bool | str) or written in (0, 1) else None
        state = state_of(measure, on, testing=TEST in told.flags)
        probability = dig(told.uplink.decoded, mapped.probability) if mapped.probability else None
        content = _device(
            told,
            measure,
            value=scalar(written) if state is UNSET else on,
            state=state,
            probability=share(probability),
        )
        told.claim(measure, content=content, extra={mapped.path: written})


def share(value: Any) -> float | UnsetType:
    """A probability, UNSET for what is none."""
    known = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1
    return float(value) if known else UNSET


def _past(told: Told, at_s: int, found: Meaning) -> None:
    """Counts of an earlier period that the device had kept."""
    at = datetime.fromtimestamp(at_s, UTC)
    now, told.at = told.at, at
    _crossings(told, found.periods, at)
    for line, ways in found.totals.items():
        count = CrowdCount(inbound_total=ways.get("in", UNSET), outbound_total=ways.get("out", UNSET))
        told.claim(f"line_{line}", content=count, past=True)
    told.at = now
