"""Which parts base data has, and the version of what they write."""

PARTS = (
    "server.base.places",
    "server.base.buildings",
    "server.base.addresses",
    "server.base.roads",
    "server.base.water",
    "server.base.tiles",
)
"""Modules with a part each: `part()` gives a fresh one, called as the module is. The order is that of the elements and
of the progress bar.
"""
SCHEMA = 1
"""Goes up when a part writes its tables or files differently: base data of another number must be built again."""


def missing(counts: object) -> list[str]:
    """Parts that a base of an earlier version lacks, by the parts that it counts."""
    names = (name.rpartition(".")[2] for name in PARTS)
    return [name for name in names if not isinstance(counts, dict) or name not in counts]
