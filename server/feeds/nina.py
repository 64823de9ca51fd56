"""NINA, the warning app of the federal office BBK (warnung.bund.de/api31): what MoWaS, DWD, the flood centres and the
police warn of, as the app itself gets it.

Four documents speak of a warning under one id: `/dashboard/<ARS>.json` and `/<provider>/mapData.json` list what there
is, `/warnings/<id>.json` is CAP as JSON without shapes, `/warnings/<id>.geojson` the shape. They may come in any order.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import msgspec
from msgspec import UNSET

from layers.areas import joined
from layers.content import Warning as Alert
from layers.observation import Geometry
from server.feeds import INVALID, Context, Decoded, DecodeError, Feed
from server.feeds._batch import Batch, Fields, settings, subject
from server.feeds._documents import documents
from server.feeds._geometry import BadGeometry, geojson
from server.feeds._html import plain_text
from server.feeds._secrets import openings
from server.feeds._stream import Objects, Stream
from server.feeds.cap.alert import CERTAINTY, MSG_TYPE, SEVERITY, URGENCY, CapOptions, long_text, observe, pairs
from server.feeds.ngsi.values import Reading, flag, name, time, whole

NAME = "nina"
BERLIN = "Europe/Berlin"
MAX_BYTES = 8_000_000
POLLED_S = 6 * 3_600
"""A shape comes without a time: what is polled again within so long is the same."""
_BLOCK_TEXTS = ("headline", "description", "instruction")


def decode(body: bytes, context: Context) -> Decoded:
    """Warnings of one or several documents. Raises DecodeError where there is none of NINA's."""
    batch = Batch(context)
    options = settings(context, CapOptions)
    found = documents(body, msgspec.structs.replace(context.limits, body_bytes=MAX_BYTES))
    batch.refused.extend(found.refused)
    quiet = all(document == [] or _features(document) == [] for document in found.found)
    for document in found.found:
        listed = document if isinstance(document, list) else [document]
        for item in listed:
            _document(item, batch, options)
    decoded = batch.decoded()
    if not decoded.observations and len(decoded.refused) == 1:
        raise DecodeError(decoded.refused[0].reason, INVALID)
    if not decoded.observations and not decoded.refused and not (quiet and found.found):
        raise DecodeError("no warning in the document", INVALID)
    return decoded


def _document(item: Any, batch: Batch, options: CapOptions) -> None:
    if not isinstance(item, Mapping):
        batch.refuse("a warning is an object", item)
    elif _features(item) is not None:
        _shapes(_features(item) or [], batch)
    elif "info" in item or "msgType" in item:
        identifier = item.get("identifier")
        if isinstance(identifier, str) and identifier.strip():
            observe(_readable(item), batch, of=(NAME, identifier.strip()))
        else:
            batch.refuse("a warning has an identifier", {"identifier": identifier})
    elif isinstance(item.get("payload"), Mapping):
        _on_dashboard(batch.fields(item), batch, options)
    elif "startDate" in item or "i18nTitle" in item:
        _on_map(batch.fields(item), batch, options)
    else:
        batch.refuse("no warning: neither of a dashboard, nor of a map, nor a warning itself", item)


def _on_dashboard(item: Fields, batch: Batch, options: CapOptions) -> None:
    """What the list of a district says. `valid` false: called off."""
    identifier = item.said("id", name)
    payload = item.inner("payload")
    data = payload.inner("data")
    identifier = identifier or payload.said("id", name)
    if identifier is None:
        batch.refuse("a warning has an id", item.raw)
        return
    of = subject(NAME, identifier)
    for fields in (item, payload, data):
        fields.of = of
    area = data.inner("area")
    scheme, codes = area.said("type"), area.said("data")
    sent_at = item.get("sent", time)
    content = Alert(
        identifier=identifier,
        headline=_title(item, options) or data.get("headline", long_text),
        urgency=data.get("urgency", URGENCY),
        severity=data.get("severity", SEVERITY),
        certainty=data.get("certainty", CERTAINTY),
        msg_type="Cancel" if data.said("valid", flag) is False else data.get("msgType|type", MSG_TYPE),
        area_codes=_codes(scheme, codes) if scheme and codes else UNSET,
        sent_at=sent_at,
        effective_at=item.get("effective", time),
        onset_at=item.get("onset", time),
        ends_at=item.get("expires", time),
    )
    extra = {"provider": data.said("provider"), "version": payload.said("version", whole()) or None}
    extra["eventCode"] = data.inner("transKeys").said("event")
    batch.claim(of, content, at=item.said("sent", time), flags=item.flags, every_s=POLLED_S, extra=extra)


def _on_map(item: Fields, batch: Batch, options: CapOptions) -> None:
    """What the map of a provider says. `startDate` is when it was sent, of the weather service when it begins."""
    identifier = item.said("id", name)
    if identifier is None:
        batch.refuse("a warning has an id", item.raw)
        return
    item.of = subject(NAME, identifier)
    starts_at = item.said("startDate", time)
    latest = batch.context.received_at + timedelta(seconds=batch.context.limits.clock.clock_ahead_s)
    content = Alert(
        identifier=identifier,
        headline=_title(item, options) or UNSET,
        urgency=item.get("urgency", URGENCY),
        severity=item.get("severity", SEVERITY),
        msg_type=item.get("type", MSG_TYPE),
        onset_at=starts_at or UNSET,
        ends_at=item.get("expiresDate", time),
    )
    extra = {"version": item.said("version", whole()) or None, "eventCode": item.inner("transKeys").said("event")}
    at = starts_at if starts_at is not None and starts_at <= latest else None
    batch.claim(item.of, content, at=at, flags=item.flags, every_s=POLLED_S, extra=extra)


def _shapes(features: list[Any], batch: Batch) -> None:
    """The companion of a warning: all its features together are its shape."""
    parts: dict[str, list[Geometry]] = {}
    for feature in features[: batch.context.limits.items]:
        told = feature.get("properties") if isinstance(feature, Mapping) else None
        identifier = told.get("warnId") if isinstance(told, Mapping) else None
        if not isinstance(identifier, str) or not identifier.strip():
            batch.refuse("a shape names its warning (warnId)", feature)
            continue
        try:
            found = geojson(feature, batch.context.limits.points)
        except BadGeometry as error:
            batch.refuse(f"geometry: {error}", feature, subject(NAME, identifier.strip()))
            continue
        if found is not None:
            parts.setdefault(identifier.strip(), []).append(found)
    for identifier, shapes in parts.items():
        content = Alert(identifier=identifier)
        batch.claim(subject(NAME, identifier), content, at=None, geometry=joined(shapes), every_s=POLLED_S)


def _features(document: Any) -> list[Any] | None:
    if not isinstance(document, Mapping):
        return None
    if document.get("type") == "Feature":
        return [document]
    features = document.get("features")
    return features if isinstance(features, list) else None


def _readable(alert: Mapping[str, Any]) -> dict[str, Any]:
    """The alert with plain texts: MoWaS writes HTML into them."""
    infos = alert.get("info")
    listed: list[Any] = infos if isinstance(infos, list) else [infos]
    return {**alert, "info": [_readable_info(info) if isinstance(info, Mapping) else info for info in listed]}


def _readable_info(info: Mapping[str, Any]) -> dict[str, Any]:
    found = {**info, **{key: plain_text(info[key]) for key in _BLOCK_TEXTS if isinstance(info.get(key), str)}}
    if not info.get("senderName"):
        # The app shows who warns from a parameter.
        parameters = info.get("parameter")
        found["senderName"] = pairs(parameters if isinstance(parameters, list) else []).get("sender_langname")
    return found


def _title(item: Fields, options: CapOptions) -> str | None:
    titles = item.inner("i18nTitle")
    for language in (*options.languages, *titles.raw):
        title: str | None = titles.said(language, _plain)
        if title is not None:
            return title
    return None


def _plain(value: Any, reading: Reading) -> str | None:
    return long_text(plain_text(value) if isinstance(value, str) else value, reading)


def _codes(scheme: str, codes: str) -> dict[str, tuple[str, ...]]:
    """Cells of the grid, `070001,070002` or with plus signs."""
    listed = dict.fromkeys(codes.replace("+", ",").replace(" ", ",").split(","))
    return {scheme[:64]: tuple(code[:64] for code in listed if code)[:1_000]}


FEED = Feed(
    name=NAME,
    title="NINA (BBK): dashboard, map data, warnings and their shapes as JSON",
    decode=decode,
    clean=openings,
    max_bytes=MAX_BYTES,
    zone=BERLIN,
    options=CapOptions,
    stream=Stream(framer=Objects, files=("*.json", "*.geojson")),
)
