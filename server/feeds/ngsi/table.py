"""An entity type as a table: which attribute becomes which field of which content, read how. Tables are in `types`.

A path names an attribute, then members of its structured value: `data.alertKeyWord`. Alternatives are divided by `|`;
the first one that is there counts. An attribute replaces its whole value (NGSI v2), so a member that is not in it any
more is cleared, except in attributes that the type lists as `merged`.
"""

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from msgspec import UNSET, Struct

from layers.content import Base
from server.feeds.ngsi.attributes import Attribute
from server.feeds.ngsi.values import Bad, Reader, Reading, end_time

GEOMETRY = "@geometry"
"""Target of a row that is the geometry of the observation, not a field of its content."""
_MISSING = object()

JointReader = Callable[[Mapping[str, Any], Reading], Any]


class Row(Struct, frozen=True):
    """`path` becomes `target`. `personal`: withheld from whoever must not see names and private details."""

    path: str
    target: str
    read: Reader
    personal: bool = False

    @property
    def paths(self) -> tuple[tuple[str, ...], ...]:
        """Each alternative as attribute and members."""
        return _paths(self.path)


class Joint(Struct, frozen=True):
    """Several attributes that only together become `target` (a number and its unit), read from what there is."""

    attributes: tuple[str, ...]
    target: str
    read: JointReader


class EntityType(Struct, frozen=True, kw_only=True):
    """How entities named `names` are read. `time`: attributes with the time of measurement, the first found counts."""

    names: tuple[str, ...]
    content: type[Base]
    rows: tuple[Row, ...]
    joints: tuple[Joint, ...] = ()
    time: tuple[str, ...] = ()
    constants: Mapping[str, Any] = {}
    merged: frozenset[str] = frozenset()

    def attributes(self) -> set[str]:
        """Names of the attributes that mean something here."""
        named = {path[0] for row in self.rows for path in row.paths} | {
            a for joint in self.joints for a in joint.attributes
        }
        return named | set(self.time)

    def personal(self) -> list[tuple[str, ...]]:
        """Paths that hold personal data."""
        return [path for row in self.rows if row.personal for path in row.paths]

    def read(self, attributes: Mapping[str, Attribute], reading: Reading) -> "Values":
        """Every row that the attributes speak of. Never raises: what cannot be read is in `Values.bad`."""
        values = Values()
        for row in self.rows:
            self._read_row(row, attributes, reading, values)
        for joint in self.joints:
            present = {name: attributes[name].value for name in joint.attributes if name in attributes}
            if present:
                try:
                    values.keep(joint.target, joint.read(present, reading))
                except Bad as error:
                    values.bad.update(dict.fromkeys(present, str(error)))
        for name in self.time:
            try:
                end_time(attributes[name].value if name in attributes else None, reading)
            except Bad as error:
                values.bad.setdefault(name, str(error))
        return values

    def cleared(self, names: set[str], reading: Reading) -> dict[str, Any]:
        """What the fields become when the attributes `names` are withdrawn."""
        found: dict[str, Any] = {}
        for row in self.rows:
            if any(path[0] in names for path in row.paths):
                found.setdefault(row.target, row.read(None, reading))
        for joint in self.joints:
            if not names.isdisjoint(joint.attributes):
                found.setdefault(joint.target, None)
        return {target: value for target, value in found.items() if value is not UNSET}

    def _read_row(self, row: Row, attributes: Mapping[str, Attribute], reading: Reading, values: "Values") -> None:
        spoken = False
        for name, *members in row.paths:
            if name not in attributes:
                continue
            try:
                value = _dig(attributes[name].value, members)
                if value is not _MISSING:
                    values.keep(row.target, row.read(value, reading))
                    return
            except Bad as error:
                values.bad.setdefault(name, str(error))
                return
            spoken = spoken or name not in self.merged
        if spoken:
            values.keep(row.target, row.read(None, reading))


class Values:
    """What a reading gave: `found` by target, `bad` the reasons by attribute."""

    def __init__(self) -> None:
        self.found: dict[str, Any] = {}
        self.bad: dict[str, str] = {}

    def keep(self, target: str, value: Any) -> None:
        """The first row of a target that says something counts."""
        if value is not UNSET and self.found.get(target) in (None, ()):
            self.found[target] = value


@functools.cache
def _paths(path: str) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(part.split(".")) for part in path.split("|"))


def _dig(value: Any, members: Sequence[str]) -> Any:
    for member in members:
        if isinstance(value, list):
            value = _preferred(value)
        if value is None:
            return _MISSING
        if not isinstance(value, dict):
            raise Bad("an object is expected")
        if member not in value:
            return _MISSING
        value = value[member]
    return value


def _preferred(items: list[Any]) -> Any:
    """Of several language versions (CAP `info`) the German one, else the first."""
    blocks = [item for item in items if isinstance(item, dict)]
    german = [block for block in blocks if str(block.get("language", "")).lower().startswith("de")]
    return next(iter(german or blocks), None)


def each(value: Any, limit: int) -> Iterator[dict[str, Any]]:
    """The objects of a structured list; a single object is a list of one. Raises Bad."""
    if value is None:
        return
    items = value if isinstance(value, list) else [value]
    if len(items) > limit:
        raise Bad(f"more than {limit} items")
    for item in items:
        if not isinstance(item, dict):
            raise Bad("a list of objects is expected")
        yield item
