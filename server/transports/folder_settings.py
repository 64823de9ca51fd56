"""Settings of a watched folder."""

from typing import Annotated, Literal

from msgspec import Meta

from server.transports.connection import ConnectionSettings, Count, Positive

Pattern = Annotated[str, Meta(min_length=1, max_length=200, pattern=r"^[^/]*$")]


class FolderSettings(ConnectionSettings, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="folder"):
    """A folder into which others put files."""

    path: Annotated[str, Meta(min_length=1)]
    patterns: tuple[Pattern, ...] = ()
    """Names of files that are taken (`*.jpg`), upper or lower case; empty: those of the format."""
    after: Literal["move", "keep"] = "move"
    """What becomes of a file: moved to `done` and `failed` in the folder, or left where it is and remembered."""
    parts: bool = True
    """True: what lies in a subfolder is of the source `<feed>/<instance>.<subfolder>`."""
    poll_s: Annotated[float, Meta(ge=0.05)] = 5.0
    """How often we look."""
    settle_s: Positive = 2.0
    """A file is complete when size and time did not change for so long."""
    entries: Count = 20_000
    """Most files that are looked at; more are told, and taken once others are gone."""
    depth: Annotated[int, Meta(ge=0, le=20)] = 8
    """How deep subfolders are looked into."""
