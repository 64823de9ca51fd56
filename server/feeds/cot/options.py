"""What an operator may set of a source of Cursor on Target."""

from typing import Annotated

from msgspec import Meta, Struct


class CotOptions(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`units` says which of our units a device is, by its uid: its positions are then that unit's."""

    units: dict[
        Annotated[str, Meta(min_length=1, max_length=256)], Annotated[str, Meta(min_length=1, max_length=256)]
    ] = {}
    chat: bool = True
    """Whether chat messages become notes."""
    direct_messages: bool = True
    """Whether messages to one person do, too (for control room and that person alone)."""
    max_validity_days: Annotated[float, Meta(gt=0, le=3650)] = 731.0
    """A stale time further away than this from the start is not believed: the age of the kind counts."""
