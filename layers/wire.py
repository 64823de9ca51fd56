"""THE CONTRACT with every client, protocol 1; standard library only, because the app in the cab imports it too.

State-based sync: a client is a cursor (`rev`) into a view of a situation. The server sends `hello`, then one `delta` at
a time; the client applies it with `apply_delta` and answers `applied {to}`. docs/wire.md describes every message.
"""

from typing import Any, NotRequired, TypedDict

PROTOCOL = 1

Feature = dict[str, Any]
"""GeoJSON Feature: id, type, geometry, properties {layer, rev, observed_at, stale_at, expires_at, sources, ...}."""


class Hello(TypedDict):
    """What the server says first, and again when the situation starts anew (then `epoch` differs)."""

    protocol: int
    situation: str
    title: str
    status: str
    """CAP status: "Actual" or "Exercise"."""
    epoch: str
    """Names the journal that `rev` counts in: a cursor of another epoch is worth nothing."""
    now: str
    speed: float
    """Seconds of situation time per second of wall time; 0 while paused."""
    state: str
    """running, paused or ended."""
    rev: int
    role: str
    name: str
    unit: str | None
    lang: str


class Clock(TypedDict):
    """The situation's clock was paused, resumed, jumped or its speed changed."""

    situation: str
    now: str
    speed: float
    state: str


class Patch(TypedDict):
    """What changed of a feature the client already has: properties to set and to drop, geometry only if it moved."""

    id: str
    set: dict[str, Any]
    unset: NotRequired[list[str]]
    geometry: NotRequired[dict[str, Any] | None]


class Delta(TypedDict):
    """Everything between two cursors. `full`: forget what you have, `upsert` is all there is."""

    situation: str
    to: int
    now: str
    full: bool
    upsert: list[Feature]
    patch: list[Patch]
    remove: list[str]
    # `from` is a keyword of Python: build with {"from": ..., **delta}


class Auth(TypedDict):
    """What a client says when it connects (Socket.IO `auth`)."""

    token: str
    protocol: int
    situation: NotRequired[str]
    layers: NotRequired[list[str] | None]
    mission: NotRequired[str | None]
    rev: NotRequired[int]
    """The cursor it comes back with; 0 or none: everything."""
    epoch: NotRequired[str | None]
    encoding: NotRequired[str]
    """`json` or `json+zlib`: a delta then is one argument of bytes, zlib of the JSON."""


class Applied(TypedDict):
    """The client has applied the delta up to here, and may be sent the next."""

    to: int


class Report(TypedDict):
    """What every report of a client has; more by its kind, see REPORTS. Idempotent by (client_id, client_seq)."""

    client_id: str
    client_seq: int
    kind: str
    at: NotRequired[str | None]
    """When it was so, by the client's clock."""


REPORTS: dict[str, tuple[frozenset[str], frozenset[str]]] = {
    "unit_status": (frozenset({"unit", "fms_status"}), frozenset()),
    "position": (frozenset({"unit", "lon", "lat"}), frozenset({"accuracy_m", "heading_deg", "speed_mps"})),
    "note": (frozenset({"text"}), frozenset({"mission", "receiver"})),
    "seen": (frozenset({"target"}), frozenset()),
    "locate": (frozenset({"target"}), frozenset({"lon", "lat", "accuracy_m", "label", "address"})),
    "confirm": (frozenset({"target"}), frozenset({"reason"})),
    "reject": (frozenset({"target"}), frozenset({"reason"})),
}
"""Kinds of report: the fields that each must have besides those of `Report`, and those it may have."""


class Answer(TypedDict):
    """The acknowledgement of a report: `ok` and durable under `seq`, or why not: a word, a sentence, a code.

    `why` is `{code, ...}` as in `layers/reasons.py`; None: no word for it.
    """

    ok: bool
    seq: NotRequired[int]
    error: NotRequired[str]
    description: NotRequired[str]
    why: NotRequired[dict[str, str] | None]


class CursorMismatch(ValueError):
    """The delta does not continue where the client stands: reconnect with the own `rev`."""


def apply_delta(features: dict[str, Feature], rev: int, delta: dict[str, Any]) -> int:
    """Apply a delta to `features` (id -> Feature, changed in place) and return the new cursor.

    Removals come first, then whole features, then patches. Applying the same delta twice changes nothing. Raises
    CursorMismatch, with `features` untouched, when the delta neither is full nor starts at `rev`, or patches a feature
    that is not there (any more): the client then asks again with its cursor, or from the beginning.
    """
    full, to = bool(delta["full"]), int(delta["to"])
    if not full and to <= rev:
        return rev
    if not full and delta["from"] != rev:
        raise CursorMismatch(f"delta from {delta['from']} does not continue {rev}")
    upsert = {feature["id"]: feature for feature in delta["upsert"]}
    remove, patches = delta.get("remove", []), delta.get("patch", [])
    gone = set(remove)
    for patch in patches:
        known = patch["id"] in upsert or (not full and patch["id"] in features and patch["id"] not in gone)
        if not known:
            raise CursorMismatch(f"patch of unknown feature {patch['id']}")
    if full:
        features.clear()
    for feature_id in remove:
        features.pop(feature_id, None)
    features.update(upsert)
    for patch in patches:
        features[patch["id"]] = _patched(features[patch["id"]], patch)
    return to


def _patched(feature: Feature, patch: dict[str, Any]) -> Feature:
    dropped = patch.get("unset", ())
    properties = {key: value for key, value in feature["properties"].items() if key not in dropped}
    properties.update(patch["set"])
    return {**feature, "geometry": patch.get("geometry", feature["geometry"]), "properties": properties}
