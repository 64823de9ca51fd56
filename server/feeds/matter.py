"""Matter: attributes of nodes as the Matter server gives them, whole (`start_listening`, a dump) or one at a time.

An attribute is named `<endpoint>/<cluster>/<attribute>`. What a node has not is not guessed: only attributes that are
there say anything. Cluster numbers, attributes and values are those of the Matter Application Cluster Specification.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import UNSET, Struct

from layers.content import Device
from server.feeds import INVALID, UNKNOWN_TYPE, Context, Decoded, DecodeError, Feed
from server.feeds._batch import Batch
from server.feeds._documents import documents
from server.feeds._homes import ALARM, ERROR, OK, TEST, UNKNOWN, WARNING, Home, HomeOptions, clean
from server.feeds._stream import Objects, Stream

NAME = "matter"
MAX_ATTRIBUTES = 20_000
SMOKE_CO, POWER, BOOLEAN, BASIC, DESCRIPTOR = 92, 47, 69, 40, 29
EXPRESSED, SMOKE, CO, BATTERY_ALERT, MUTED, TESTING, FAULT, END_OF_SERVICE, OTHER_SMOKE, OTHER_CO = range(10)
"""Attributes of Smoke CO Alarm (0x005C)."""
_DETECTORS = {SMOKE: "smoke", CO: "carbon_monoxide", OTHER_SMOKE: "interconnect_smoke", OTHER_CO: "interconnect_co"}
_EXPRESSED = {
    1: (SMOKE, 1),
    2: (CO, 1),
    3: (BATTERY_ALERT, 1),
    5: (FAULT, True),
    6: (END_OF_SERVICE, 1),
    7: (OTHER_SMOKE, 1),
    8: (OTHER_CO, 1),
}
"""What ExpressedState (the highest state alone) says of the others."""
_LEVELS = {0: "normal", 1: "warning", 2: "critical"}
_TYPE_KEYS = ("0", "deviceType", "type")
"""Where an entry of the device types has the type: by its number, or by its name as older servers write it."""
_CONTACTS = {0x15: "contact", 0x41: "freeze", 0x43: "water", 0x44: "rain"}
"""What a Boolean State means, by device type."""
_READINGS: dict[tuple[int, int], tuple[str, float]] = {
    (1026, 0): ("temperature", 0.01),
    (1029, 0): ("humidity", 0.01),
    (1027, 0): ("pressure", 1.0),
    (1036, 0): ("carbon_monoxide_ppm", 1.0),
    (1037, 0): ("co2", 1.0),
    (1066, 0): ("pm25", 1.0),
    (47, 12): ("battery", 0.5),
}
"""Clusters with a number, and the factor to degrees Celsius, %, hPa, ppm, µg/m3."""

_WRAPPERS = ("data", "server", "node")
"""Where diagnostics of Home Assistant put the nodes."""


class Node(Struct, kw_only=True):
    """What a message says of one node: its attributes by endpoint, cluster and attribute."""

    id: str
    available: bool | None = None
    attributes: dict[tuple[int, int, int], Any] = {}
    whole: bool = False

    def of(self, endpoint: int, cluster: int, attribute: int) -> Any:
        """The value of an attribute, None where the message does not have it."""
        return self.attributes.get((endpoint, cluster, attribute))


def decode(body: bytes, context: Context) -> Decoded:
    """Devices. Raises DecodeError."""
    batch, home = Batch(context), Home(NAME, context)
    given = documents(clean(body), context.limits)
    batch.refused.extend(given.refused)
    for document in given.found:
        for node in _nodes(document, batch):
            _node(node, home, batch)
    if not given.found and not batch.refused:
        raise DecodeError("no message of a Matter server", INVALID)
    return batch.decoded()


def _nodes(document: Any, batch: Batch, depth: int = 0) -> Iterator[Node]:
    """The nodes of a message: a node, a list or an object of them, an answer's `result`, an event."""
    if isinstance(document, list):
        if not document:
            batch.refuse("no node", document)
        for item in document[: batch.context.limits.entities]:
            yield from _nodes(item, batch, depth + 1)
        if len(document) > batch.context.limits.entities:
            batch.refuse(f"{len(document)} nodes, more than {batch.context.limits.entities}")
    elif not isinstance(document, Mapping) or depth > 5:
        batch.refuse("a node is an object", document)
    elif isinstance(document.get("event"), str):
        yield from _event(document["event"], document.get("data"), batch)
    elif "attributes" in document and "node_id" in document:
        yield from _whole(document, batch)
    elif "result" in document:
        yield from _nodes(document["result"], batch, depth + 1)
    elif isinstance(document.get("nodes"), Mapping | list):
        nodes = document["nodes"]
        yield from _nodes(list(nodes.values()) if isinstance(nodes, Mapping) else nodes, batch, depth + 1)
    elif "node_id" in document and isinstance(document.get("attribute_path"), str) and "value" in document:
        yield from _event("attribute_updated", [document[key] for key in ("node_id", "attribute_path", "value")], batch)
    elif (
        inner := next((document[key] for key in _WRAPPERS if isinstance(document.get(key), Mapping)), None)
    ) is not None:
        yield from _nodes(inner, batch, depth + 1)
    elif "schema_version" in document:
        return  # what the server says of itself when a client connects
    else:
        batch.refuse("neither a node nor an event", document)


def _event(event: str, data: Any, batch: Batch) -> Iterator[Node]:
    if event == "attribute_updated":
        if isinstance(data, list) and len(data) == 3 and isinstance(data[1], str):
            node = Node(id=str(data[0])[:40])
            _take(node, {data[1]: data[2]}, batch)
            if node.attributes:
                yield node
        else:
            batch.refuse("attribute_updated: node, path and value are expected", data)
    elif event in ("node_added", "node_updated"):
        yield from _nodes(data, batch, 1)
    elif event not in ("node_removed", "node_event", "endpoint_added", "endpoint_removed", "server_info_updated"):
        batch.refuse(f"unknown event {event[:40]!r}", kind=UNKNOWN_TYPE)


def _whole(document: Mapping[str, Any], batch: Batch) -> Iterator[Node]:
    attributes, available = document["attributes"], document.get("available")
    node = Node(
        id=str(document["node_id"])[:40], available=available if isinstance(available, bool) else None, whole=True
    )
    if not isinstance(attributes, Mapping):
        batch.refuse("attributes: an object is expected", attributes)
        return
    _take(node, attributes, batch)
    yield node


def _take(node: Node, attributes: Mapping[str, Any], batch: Batch) -> None:
    """Paths as numbers. A path that is none is refused."""
    found: dict[tuple[int, int, int], Any] = {}
    for path, value in list(attributes.items())[:MAX_ATTRIBUTES]:
        parts = path.split("/")
        if len(parts) == 3 and all(part.isascii() and part.isdecimal() and len(part) < 11 for part in parts):
            found[int(parts[0]), int(parts[1]), int(parts[2])] = value
        else:
            batch.refuse(f"no path of an attribute: {path[:40]!r}")
    node.attributes = found


def _node(node: Node, home: Home, batch: Batch) -> None:
    for endpoint in sorted({endpoint for endpoint, _, _ in node.attributes}):
        told = {**_readings(node, endpoint), **_alarms(node, endpoint), **_contact(node, endpoint)}
        for measure, (value, state, extra) in told.items():
            _claim(node, endpoint, measure, value, state, extra, home, batch)
    if node.available is not None:
        _claim(node, 0, "connection", node.available, OK if node.available else ERROR, {}, home, batch)


def _claim(
    node: Node, endpoint: int, measure: str, value: Any, state: Any, extra: dict[str, Any], home: Home, batch: Batch
) -> None:
    names = [_text(node.of(0, BASIC, attribute)) for attribute in (1, 3, 5)]
    testing = node.of(endpoint, SMOKE_CO, TESTING) is True
    if node.available is False and measure != "connection":
        state = UNKNOWN if state is not UNSET else UNSET
    content = Device(
        name=names[2] or UNSET,
        description=" ".join(name for name in names[:2] if name) or UNSET,
        building=home.building,
        categories=("sensor",),
        measures=(measure,),
        value=value,
        state=state,
    )
    batch.claim(
        home.subject(node.id, str(endpoint), measure),
        content,
        at=None,
        flags=(TEST,) if testing else (),
        geometry=home.geometry,
        extra={"node": node.id, "endpoint": endpoint, **extra},
    )


Told = dict[str, tuple[Any, Any, dict[str, Any]]]
"""What an endpoint says, by measure: its value, its state, and what else."""


def _alarms(node: Node, endpoint: int) -> Told:
    """Smoke and carbon monoxide; what the detector says of itself."""
    values = {
        attribute: node.attributes[endpoint, SMOKE_CO, attribute]
        for attribute in range(OTHER_CO + 1)
        if (endpoint, SMOKE_CO, attribute) in node.attributes
    }
    expressed = values.get(EXPRESSED)
    if not node.whole and isinstance(expressed, int) and expressed in _EXPRESSED:
        attribute, value = _EXPRESSED[expressed]
        values.setdefault(attribute, value)
    testing = values.get(TESTING) is True
    about = {
        name: values[attribute]
        for name, attribute in (("expressed_state", EXPRESSED), ("muted", MUTED), ("testing", TESTING))
        if isinstance(values.get(attribute), int)
    }
    found: Told = {}
    for attribute, measure in _DETECTORS.items():
        if attribute in values:
            level = values[attribute]
            state = _alarm_state(level, testing)
            found[measure] = (
                level >= 1 if state != UNKNOWN else None,
                state,
                {"level": _LEVELS.get(level) if state != UNKNOWN else str(level)[:40], **about},
            )
    if BATTERY_ALERT in values:
        low = values[BATTERY_ALERT]
        known = _is_level(low)
        found["battery_low"] = (low >= 1 if known else None, (WARNING if low >= 1 else OK) if known else UNKNOWN, about)
    if FAULT in values:
        broken = values[FAULT]
        known = isinstance(broken, bool)
        found["fault"] = (broken if known else None, (ERROR if broken else OK) if known else UNKNOWN, about)
    if END_OF_SERVICE in values:
        over = values[END_OF_SERVICE]
        known = _is_level(over)
        found["end_of_service"] = (
            over >= 1 if known else None,
            (WARNING if over >= 1 else OK) if known else UNKNOWN,
            about,
        )
    if not node.whole and not found and TESTING in values:
        found["self_test"] = (testing, OK, about)
    return found


def _is_level(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value in _LEVELS


def _alarm_state(level: Any, testing: bool) -> str:
    """Warning and critical are both an alarm: whoever smells smoke early is not told to wait. A test is none."""
    if not _is_level(level):
        return UNKNOWN
    if level == 0:
        return OK
    return WARNING if testing else ALARM


def _contact(node: Node, endpoint: int) -> Told:
    """Boolean State: a contact, or a detector of water, frost or rain, as the endpoint's device type says."""
    if (endpoint, BOOLEAN, 0) not in node.attributes:
        return {}
    value, types = node.of(endpoint, BOOLEAN, 0), node.of(endpoint, DESCRIPTOR, 0)
    told = [item for item in types if isinstance(item, Mapping)] if isinstance(types, list) else []
    listed = [next((item[key] for key in _TYPE_KEYS if key in item), None) for item in told]
    measure = next((_CONTACTS[kind] for kind in listed if isinstance(kind, int) and kind in _CONTACTS), "boolean_state")
    if not isinstance(value, bool):
        return {measure: (None, UNKNOWN, {})}
    if measure == "contact":
        return {measure: ("CLOSE" if value else "OPEN", UNSET, {})}
    if measure in ("water", "freeze"):
        return {measure: (value, (ALARM if measure == "water" else WARNING) if value else OK, {})}
    return {measure: (value, UNSET, {})}


def _readings(node: Node, endpoint: int) -> Told:
    found: Told = {}
    for (cluster, attribute), (measure, factor) in _READINGS.items():
        if (endpoint, cluster, attribute) in node.attributes:
            value = node.of(endpoint, cluster, attribute)
            known = isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e9
            found[measure] = (round(value * factor, 6) if known else None, UNSET, {})
    occupancy = node.of(endpoint, 1030, 0)
    if isinstance(occupancy, int):
        found["motion"] = (bool(occupancy & 1), UNSET, {})
    lock = node.of(endpoint, 257, 0)
    if isinstance(lock, int):
        found["lock"] = ({1: "LOCKED", 2: "UNLOCKED"}.get(lock), UNSET, {})
    on = node.of(endpoint, 6, 0)
    if isinstance(on, bool):
        found["switch"] = (on, UNSET, {})
    return found


def _text(value: Any) -> str | None:
    return value.strip()[:200] or None if isinstance(value, str) else None


FEED = Feed(
    name=NAME,
    title="Matter (Matter server)",
    decode=decode,
    clean=clean,
    options=HomeOptions,
    stream=Stream(framer=Objects, hello=('{"message_id": "lagebild", "command": "start_listening"}',)),
)
