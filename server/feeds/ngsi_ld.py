"""NGSI-LD (ETSI GS CIM 009): entities and notifications, normalized, concise, simplified and as GeoJSON.

Each entity is brought into the form of NGSI v2 and read by the same tables (`server.feeds.ngsi`); docs/feeds.md lists
the types. Names may be written in full (`https://uri.fiware.org/ns/data-models#peopleCount`).
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from server.feeds import INVALID, Context, Decoded, DecodeError, Feed
from server.feeds._documents import documents
from server.feeds._json import dump
from server.feeds._secrets import clean
from server.feeds._times import moment
from server.feeds.ngsi.decode import decode as decode_v2

NAME = "ngsi_ld"
NULL = "urn:ngsi-ld:null"
"""What stands for null in NGSI-LD, where null itself would end an attribute."""
_FULL_NAME = re.compile(r"https?://[^\s]{1,500}[/#](?P<name>[^/#\s]{1,200})")
_NOT_ATTRIBUTES = frozenset({"id", "type", "@id", "@type", "@context", "scope", "createdAt", "modifiedAt", "deletedAt"})
_VALUES = ("value", "object", "languageMap", "vocab", "json", "valueList", "objectList")
_KINDS = frozenset(
    {
        *("Property", "GeoProperty", "Relationship", "LanguageProperty", "VocabProperty", "JsonProperty"),
        *("ListProperty", "ListRelationship"),
    }
)
_FACTORS = {("averageCrowdSpeed", "MTS"): 3.6, ("averageCrowdSpeed", "M/S"): 3.6, ("averageHeadwayTime", "MIN"): 60.0}
"""UN/CEFACT units that are not the ones of the data model (km/h, s), and what makes them such."""
MAX_DEPTH = 4


def decode(body: bytes, context: Context) -> Decoded:
    """Observations and refusals of one message, or of several one after another. Raises DecodeError."""
    given = documents(clean(body), context.limits)
    entities: list[Any] = []
    gone: list[dict[str, Any]] = []
    for document in given.found:
        for entity in _entities(document, 0):
            if isinstance(entity, Mapping) and entity.get("deletedAt") and isinstance(entity.get("id"), str):
                gone.append({"id": entity["id"], "type": _type(entity)})
            else:
                entities.append(_plain(entity) if isinstance(entity, Mapping) else entity)
    if not entities and not gone:
        raise DecodeError("no entity of NGSI-LD", INVALID)
    parts = [
        decode_v2(_message(action, some), _roomier(context))
        for action, some in (("append", entities), ("delete", gone))
        if some
    ]
    return Decoded(
        observations=tuple({made.id: made for part in parts for made in part.observations}.values()),
        refused=(*given.refused, *(refused for part in parts for refused in part.refused)),
        conditions={key: condition for part in parts for key, condition in part.conditions.items()},
    )


def _message(action: str, entities: list[Any]) -> bytes:
    try:
        return dump({"actionType": action, "entities": entities})
    except ValueError as error:
        raise DecodeError(str(error), INVALID) from error


def _roomier(context: Context) -> Context:
    """The form of NGSI v2 is longer than the simplified one that may have come, and a level deeper."""
    limits = context.limits
    limits = msgspec.structs.replace(limits, body_bytes=8 * limits.body_bytes, depth=limits.depth + 4)
    return msgspec.structs.replace(context, limits=limits)


def _entities(document: Any, depth: int) -> Iterator[Any]:
    """The entities of a notification, a list, a FeatureCollection, or one alone."""
    if isinstance(document, list) and depth < MAX_DEPTH:
        for item in document:
            yield from _entities(item, depth + 1)
    elif isinstance(document, Mapping) and depth < MAX_DEPTH and isinstance(document.get("data"), Mapping | list):
        yield from _entities(document["data"], depth + 1)
    elif isinstance(document, Mapping) and depth < MAX_DEPTH and (name := _listed(document)):
        yield from _entities(document[name], depth + 1)
    elif isinstance(document, Mapping) and document.get("type") == "FeatureCollection":
        features = document.get("features")
        yield from _entities(features if isinstance(features, list) else [], depth + 1)
    else:
        yield document


def _listed(document: Mapping[str, Any]) -> str | None:
    """The member that holds the entities of a batch or of a JSON-LD graph."""
    return next((name for name in ("entities", "@graph") if isinstance(document.get(name), list)), None)


def _plain(entity: Mapping[str, Any]) -> dict[str, Any]:
    """The entity as NGSI v2 writes it."""
    if entity.get("type") == "Feature" and isinstance(entity.get("properties"), Mapping):
        inside = dict(entity["properties"])
        if isinstance(entity.get("geometry"), Mapping):
            inside.setdefault("location", {"type": "GeoProperty", "value": entity["geometry"]})
        entity = {**inside, "id": entity.get("id", inside.get("id"))}
    found: dict[str, Any] = {"id": entity.get("id", entity.get("@id")), "type": _type(entity)}
    for name, value in entity.items():
        if name not in _NOT_ATTRIBUTES:
            short = _short(name)
            found[short] = _attribute(short, value)
    return found


def _type(entity: Mapping[str, Any]) -> Any:
    """The type; the first of several (an entity may have more than one)."""
    written = entity.get("type", entity.get("@type"))
    if isinstance(written, list):
        written = next((each for each in written if isinstance(each, str)), None)
    return _short(written) if isinstance(written, str) else written


def _short(name: str) -> str:
    match = _FULL_NAME.fullmatch(name)
    return match["name"] if match else name


def _attribute(name: str, value: Any) -> Any:
    if isinstance(value, Mapping) and isinstance(value.get("values"), list) and value.get("type") == "Property":
        value = _newest(value["values"])
    if isinstance(value, list) and value and all(_is_attribute(item) for item in value):
        value = max(value, key=_observed)  # of several sources (datasetId) the one that spoke last
    if not _is_attribute(value):
        return None if value == NULL else value
    member = next(member for member in _VALUES if member in value)
    bare = value[member]
    if member == "languageMap" and isinstance(bare, Mapping):
        bare = next((bare[tag] for tag in ("de", "@none", "en", *bare) if tag in bare), None)
    if bare == NULL:
        bare = None
    unit = value.get("unitCode")
    factor = _FACTORS.get((name, unit)) if isinstance(unit, str) else None
    if factor is not None and isinstance(bare, int | float) and not isinstance(bare, bool) and abs(bare) < 1e9:
        bare = bare * factor
    metadata = {key: {"value": value[key]} for key in ("observedAt", "unitCode") if isinstance(value.get(key), str)}
    kind = value.get("type")
    return {"type": kind if isinstance(kind, str) else "Property", "value": bare, "metadata": metadata}


def _newest(values: list[Any]) -> Any:
    """Of the simplified temporal form, `[[value, time], ...]`, the value that is last; None where there is none."""
    known = [pair for pair in values if isinstance(pair, list) and len(pair) == 2]
    instances = [{"type": "Property", "value": value, "observedAt": at} for value, at in known]
    return max(instances, key=_observed, default=None)


def _is_attribute(value: Any) -> bool:
    """An attribute in the normalized or the concise form, not a structured value."""
    if not isinstance(value, Mapping):
        return False
    kind = value.get("type", "Property")
    return any(member in value for member in _VALUES) and isinstance(kind, str) and kind in _KINDS


def _observed(value: Mapping[str, Any]) -> float:
    try:
        return moment(value.get("observedAt"))[0].timestamp()
    except ValueError:
        return float("-inf")


FEED = Feed(name=NAME, title="NGSI-LD", decode=decode, clean=clean, zone="UTC")
