"""When does what a view may show change although the features themselves did not?

`View.show` may look beside the feature: a crew sees the homes around its own mission, so an assignment changes what it
sees of them. Whoever keeps a view in step needs to notice that without asking about every feature after every change.
"""

from collections.abc import Hashable, Mapping

from layers.picture import Picture
from layers.views import View
from server.access import Role


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
    """Floor and tombstones for a view that is made from the picture, after a start or because nobody used it for long.

    In the control room a feature's own revision tells all, so an old cursor gets the difference. Everybody else gets
    everything once: what came into view or left it without changing cannot be known any more, and the ids of what was
    removed would name homes and devices that the view never showed.
    """
    if view.role == Role.CONTROL and view.mission is None:
        return picture.removed_floor, picture.removed
    return picture.rev, {}
