"""What a pack is for and what is told of it: settings and list. Light, because every command loads the settings."""

from typing import Annotated

from msgspec import Meta, Struct


class PackArea(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An area that tablets carry along."""

    id: Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}\Z")]
    title: Annotated[str, Meta(min_length=1, max_length=100)]
    bbox: tuple[float, float, float, float] | None = None
    """West, south, east, north in degrees; None: all of the base data."""


class PackEntry(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A pack that is ready: what `GET /packs` says of it."""

    id: str
    title: str
    version: str
    """Equal versions are equal data."""
    bytes: int
    sha256: str
    built_at: str
    data_at: str
    bbox: tuple[float, float, float, float]
    parts: dict[str, int]
    """Rows by part."""
    role: str | None = None
    """The only role that it is for; None: all that may have packs."""
    mission: str | None = None
    """The mission that it is bound to: a tablet deletes it when that ends."""
