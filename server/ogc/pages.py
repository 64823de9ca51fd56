"""A page of a collection: features, how many there are in all, and after which one the next page begins."""

from typing import Any

import msgspec
from msgspec import Struct

MOST_BYTES = 16_000_000
"""A page ends after so many bytes of features, also before its limit; at least one feature is in it."""


class Page(Struct, frozen=True, kw_only=True):
    """`features` are GeoJSON features as JSON; `after` is None on the last page."""

    features: list[msgspec.Raw]
    matched: int
    after: str | None


def fitted(found: list[dict[str, Any]], limit: int) -> tuple[list[msgspec.Raw], int]:
    """The first features as JSON, and how many fit into a page."""
    encoded: list[msgspec.Raw] = []
    size = 0
    for feature in found[:limit]:
        body = msgspec.json.encode(feature)
        size += len(body)
        if encoded and size > MOST_BYTES:
            break
        encoded.append(msgspec.Raw(body))
    return encoded, len(encoded)
