"""What readers give: one row of a source, not checked yet."""

from typing import Any

from msgspec import Struct


class SourceError(ValueError):
    """The source as a whole cannot be used; the message says where and why."""


class Raw(Struct, frozen=True, kw_only=True):
    """A row. `where` is for the operator: line 7, feature 3. `wrong`: why it cannot be used, if the reader knows."""

    where: str
    columns: dict[str, Any]
    geometry: dict[str, Any] | None = None
    epsg: int | None = None
    by_authority: bool = False
    """The axes come as the authority orders them: latitude before longitude in EPSG:4326."""
    name: str | None = None
    """The source's own id."""
    wrong: str | None = None
