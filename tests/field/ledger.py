"""What is known of each sample file: the way it goes in, and what the picture must say of it afterwards.

The entries are in `tests/field/stated`, a module for each folder of the samples; their values are those of the
folder's SOURCES.md, or of the sample itself where it is a text that anybody can read. tests/field/test_samples.py sends
each file and compares; tests/field/test_table.py fails while a file is in no entry; docs/feeds.md shows them.
"""

import re
from pathlib import Path
from typing import Any

from msgspec import Struct

Said = dict[str, dict[str, Any]]
"""Properties by the id of a feature, `*` for the only one that has no `#` in its id.

`geometry` is its coordinates, `first` the first of them, `box` their bounding box.
"""


class Sample(Struct, frozen=True, kw_only=True):
    """A file that is a message, or holds some. `way` begins with the transport, see tests/field/station.py."""

    path: str
    feed: str
    way: str
    accepted: int = 1
    """Observations that became durable."""
    features: int = 1
    """Features of the picture that are made of it."""
    says: Said = {}
    named: Said = {}
    """The same by the name that a feature has, where its id is a digest."""
    tally: dict[str, dict[Any, int]] = {}
    """How many of its features have these values of a property."""
    gone: tuple[str, ...] = ()
    """Features that must not be there: they were withdrawn."""
    lines: int | None = None
    """So many lines of the file alone: an export as it was at an earlier hour."""
    details: dict[str, str] = {}
    """Other files that the server has of what a polled one names, by id."""
    reason: str | None = None
    """Where something of it is refused, the words of the quarantine."""
    reply: str | None = None
    """What the sender gets, up to a `*`: the body of a receiver's answer to an alarm panel."""
    refused: int = 0
    """Reasons of the quarantine for it; one where nothing of it is taken."""
    turn: int = 0
    """Samples of the same subject are sent one after the other: a later turn comes when the one before was seen."""
    options: dict[str, Any] = {}
    """Settings of its source."""
    note: str = ""
    """What the table says beside it: how a file that is no message was made one."""

    @property
    def part(self) -> str:
        """Its name in the name of a source."""
        name = re.sub(r"[^a-z0-9]+", "-", Path(self.path).stem.lower()).strip("-")[-40:].strip("-")
        return name if self.lines is None else f"{name}-{self.lines}"

    @property
    def fields(self) -> list[str]:
        """The properties that are compared, sorted."""
        names = {name for said in [*self.says.values(), *self.named.values(), self.tally] for name in said}
        return sorted({"geometry" if name in ("first", "box") else name for name in names})


def decoded_beside(name: str) -> "Reference":
    """What somebody else's converter made of an uplink."""
    return Reference(
        path=f"{name}.decoded.json",
        use="ThingsBoard's reading of the uplink beside it: ours has the same values",
        test="test_reference_files::test_uplinks_are_read_as_their_converters_read_them",
    )


class Reference(Struct, frozen=True, kw_only=True):
    """A file that is no message: a table, a schema, a decoding of others. `test` (module::function) holds us to it."""

    path: str
    use: str
    test: str
