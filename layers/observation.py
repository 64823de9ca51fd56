"""What somebody claims to have seen: the envelope that every feed yields and the journal keeps.

An observation is a claim, not a fact. It says who claims it (`source`), of what (`subject`), when it was so
(`observed_at`), when the source said so (`reported_at`) and when we heard it (`received_at`, our clock). What is
claimed is `content`, one of the typed structs of `layers.content`; a field of it that the sender did not speak of is
`UNSET`, so a partial update can be told from "now unknown" (`None`).
"""

import hashlib
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import msgspec
from msgspec import UNSET, Struct, UnsetType

from layers.content import Content

MAX_ID_CHARS = 256
"""Longest id of an observation, source or subject that is let in."""

Geometry = dict[str, Any]
"""A GeoJSON geometry in WGS84 (EPSG:4326), longitude first, an optional third coordinate in metres."""


class Sensitivity(StrEnum):
    """Who may ever read an observation; the views decide field by field, this bounds them."""

    PUBLIC = "public"
    OPERATIONAL = "operational"
    PERSONAL = "personal"


class Observation(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One claim of one source about one subject. Immutable; equal ids mean the same claim.

    `id` makes it idempotent: a sender that repeats itself yields the same id. `accuracy_m` is the radius in metres in
    which the true position lies (one sigma), None when unknown. `flags` are short words such as `clock_ahead`,
    `tz_assumed`, `time_assumed`. `extra` holds the sender's attributes as written, for the NGSI read side and a later
    re-decode.
    """

    id: str
    source: str
    subject: str
    observed_at: datetime
    reported_at: datetime
    received_at: datetime
    content: Content
    geometry: Geometry | None | UnsetType = UNSET
    accuracy_m: float | None = None
    sensitivity: Sensitivity = Sensitivity.OPERATIONAL
    flags: tuple[str, ...] = ()
    extra: dict[str, Any] = {}

    @property
    def kind(self) -> str:
        """The tag of the content: `mission`, `unit`, `device` ..."""
        return str(self.content.__struct_config__.tag)


class Entry(Struct, frozen=True, kw_only=True):
    """An observation with its place in a journal: `seq` counts from 1 without a gap."""

    seq: int
    observation: Observation


_encoder = msgspec.json.Encoder(order="deterministic")
_decoder = msgspec.json.Decoder(Observation)


def encode(observation: Observation) -> bytes:
    """The observation as canonical JSON: the same observation always gives the same bytes."""
    return _encoder.encode(observation)


def decode(data: bytes) -> Observation:
    """Inverse of `encode`. Raises msgspec.ValidationError where the bytes are not an observation."""
    return _decoder.decode(data)


def idempotency_key(*parts: str | bytes) -> str:
    """A short stable id from what identifies a claim (source, subject, own time, content), 32 hex digits."""
    digest = hashlib.sha256()
    for part in parts:
        raw = part if isinstance(part, bytes) else part.encode("utf-8", "surrogatepass")
        digest.update(len(raw).to_bytes(8, "big"))
        digest.update(raw)
    return digest.hexdigest()[:32]


def utc(moment: datetime) -> datetime:
    """The moment in UTC. Raises ValueError for a naive datetime: a zone is settled at the border, never here."""
    if moment.tzinfo is None:
        raise ValueError("naive datetime")
    return moment.astimezone(UTC)


def iso(moment: datetime) -> str:
    """ISO 8601 in UTC with milliseconds and `Z`, the form of every time on the wire."""
    return utc(moment).isoformat(timespec="milliseconds").replace("+00:00", "Z")
