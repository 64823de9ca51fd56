"""Which snapshots to let go, so that few suffice for a fast start and for a look back at any time."""

from collections.abc import Sequence

NEWEST_KEPT = 4

Mark = tuple[int, str]
"""Seq and fingerprint of a snapshot."""


def surplus(marks: Sequence[Mark], fingerprint: str, limit: int) -> list[Mark]:
    """The snapshots to delete: first those of other code or settings, then those that stand closest together.

    `marks` in order of seq; the oldest and the newest NEWEST_KEPT of `fingerprint` always stay. The rest ends up spread
    evenly, so a picture of any past time is at most about journal / limit entries away from a snapshot.
    """
    foreign = [mark for mark in marks if mark[1] != fingerprint]
    own = [mark for mark in marks if mark[1] == fingerprint]
    gone = foreign[: max(0, len(marks) - limit)]
    while len(own) > limit:
        middle = range(1, len(own) - NEWEST_KEPT)
        closest = min(middle, key=lambda index: own[index + 1][0] - own[index - 1][0])
        gone.append(own.pop(closest))
    return gone
