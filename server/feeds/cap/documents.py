"""CAP as JSON: MeteoAlarm's list of warnings, single alerts, and the GeoJSON of the National Weather Service."""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from server.feeds import INVALID, DecodeError
from server.feeds._batch import Batch
from server.feeds._documents import documents
from server.feeds.cap.alert import observe

Json = Mapping[str, Any]
LISTS = ("warnings", "alerts", "features")
"""Names of lists of alerts; an empty one is a quiet day."""


def observe_json(body: bytes, batch: Batch, max_bytes: int) -> bool:
    """Claim every alert in the JSON; whether it is a list without any. Raises DecodeError where it is none of ours."""
    limits = msgspec.structs.replace(batch.context.limits, body_bytes=max_bytes)
    found = documents(body, limits)
    batch.refused.extend(found.refused)
    number = 0
    for document in found.found:
        for alert in alerts(document):
            number += 1
            if isinstance(alert, Mapping):
                observe(alert, batch)
            else:
                batch.refuse("an alert is an object", alert)
    if not number and not is_empty(found.found):
        raise DecodeError("no CAP alert in the JSON", INVALID)
    return not number


def is_empty(found: list[Any]) -> bool:
    """Whether it is a list of warnings with nothing in it, as it comes on a quiet day."""
    return all(isinstance(one, Mapping) and [] in (one.get(name) for name in LISTS) for one in found)


def alerts(document: Any) -> Iterator[Any]:
    """The alerts of a document in the form of CAP as JSON; what stands in place of one, too."""
    if isinstance(document, list):
        for item in document:
            yield from alerts(item)
    elif isinstance(document, Mapping):
        listed = next((document[name] for name in ("warnings", "alerts") if isinstance(document.get(name), list)), None)
        if listed is not None:
            for item in listed:
                yield item.get("alert", item) if isinstance(item, Mapping) else item
        elif isinstance(document.get("alert"), Mapping):
            yield document["alert"]
        elif isinstance(document.get("features"), list):
            yield from (feature_alert(item) for item in document["features"])
        elif isinstance(document.get("@graph"), list):
            yield from (feature_alert({"properties": item}) for item in document["@graph"])
        elif document.get("type") == "Feature" and isinstance(document.get("properties"), Mapping):
            yield feature_alert(document)
        elif "msgType" in document or "info" in document:
            yield document


def feature_alert(feature: Any) -> Any:
    """A feature of the National Weather Service as CAP's JSON has it; what is none stays as it is."""
    told = feature.get("properties") if isinstance(feature, Mapping) else None
    if not isinstance(told, Mapping):
        return feature
    area = {
        "areaDesc": told.get("areaDesc"),
        "geocode": _pairs(told.get("geocode")),
        "geometry": feature.get("geometry"),
    }
    info = {
        **{name: told.get(name) for name in _SAME},
        "language": told.get("language"),
        "responseType": told.get("response"),
        "eventCode": _pairs(told.get("eventCode")),
        "parameter": _pairs(told.get("parameters")),
        "area": [area],
    }
    return {
        "identifier": told.get("id") or told.get("identifier"),
        "sender": told.get("sender"),
        "sent": told.get("sent"),
        "status": told.get("status"),
        "msgType": told.get("messageType") or told.get("msgType"),
        "scope": told.get("scope") or "Public",
        "code": told.get("code"),
        "references": told.get("references"),
        "info": [info],
    }


_SAME = (
    *("category", "event", "urgency", "severity", "certainty", "effective", "onset", "expires", "senderName"),
    *("headline", "description", "instruction", "web"),
)


def _pairs(value: Any) -> list[dict[str, Any]]:
    """`{name: [values]}` as names and values."""
    if not isinstance(value, Mapping):
        return []
    listed = {str(name): found if isinstance(found, list) else [found] for name, found in value.items()}
    return [{"valueName": name, "value": one} for name, found in listed.items() for one in found if one is not None]
