"""When does what a view may show change although the features themselves did not?

`View.show` may look beside the feature: a crew sees the homes around its own mission, so an assignment changes what it
sees of them. Whoever keeps a view in step needs to notice that without asking about every feature after every change.
"""

from collections.abc import Hashable, Mapping

from layers.picture import Picture
from layers.views import View
from server.access import Role

SELF_CONTAINED = frozenset({Role.CONTROL, Role.PLANNER, Role.ADMIN})
"""Roles whose view of a feature depends on nothing but the feature."""


def context(view: View, picture: Picture) -> Hashable:
    """What besides a feature decides about it in this view. While this stays equal, only changed features need a
    look.
    """
    scope = view.scope(picture)
    return tuple((subject, _place(picture, subject)) for subject in scope) if scope else None


def _place(picture: Picture, subject: str) -> str:
    feature = picture.features.get(subject)
    return "" if feature is None else repr(feature["geometry"])


def resumes_after_load(view: View, picture: Picture) -> tuple[int, Mapping[str, int]]:
    """Floor and tombstones for a view that is made from the picture (after a start, or because nobody used it for
    long).

    Where a feature's own revision tells all, an old cursor gets the difference. Elsewhere it gets everything once:
    what became visible without changing, or invisible, cannot be known any more, and ids that the view never showed
    are not named.
    """
    if view.role in SELF_CONTAINED and view.mission is None:
        return picture.removed_floor, picture.removed
    return picture.rev, {}
