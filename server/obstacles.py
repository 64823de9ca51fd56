"""What in a picture stands in an engine's way: crowds that are too dense, areas that a warning says to keep out of.

A crowd is slow, not closed: people make way at a walking pace. A warning closes only what is small (`MOST_AREA_M2`)
and says so by a response type of CAP (Evacuate, Avoid): a storm warning
for a district is a reason to hurry, not to stay out.
"""

from typing import Any

from layers.geo import area_m2
from layers.picture import Picture
from layers.wire import Feature
from server.base.routing import Avoid

KEEP_OUT = frozenset({"Evacuate", "Avoid"})
MOST_AREA_M2 = 4_000_000.0
MOST = 100


def obstacles(picture: Picture) -> list[Avoid]:
    """With the desk's lock held; cheap. Sorted by subject, at most `MOST`."""
    subjects = (*picture.subjects("crowd_region"), *picture.subjects("warning"))
    return [found for name in subjects if (found := obstacle(picture, name)) is not None][:MOST]


def obstacle(picture: Picture, subject: str) -> Avoid | None:
    """What a crowd or a warning puts in the way; None for nothing. With the desk's lock held."""
    feature = picture.features.get(subject)
    if feature is None or feature["geometry"] is None or not may_stand_in_the_way(feature):
        return None
    properties, geometry = feature["properties"], feature["geometry"]
    if properties["part"] == "region":
        return Avoid(name_of(feature), geometry, slow=True) if properties["over_threshold"] else None
    keep_out = KEEP_OUT.intersection(properties["response_types"])
    return Avoid(name_of(feature), geometry) if properties["drawn"] and keep_out and _is_small(geometry) else None


def may_stand_in_the_way(feature: Feature) -> bool:
    """Whether it is of a sort that can: a crowd or a warning, of whatever state."""
    said = feature["properties"]
    return (said["layer"], said["part"]) in (("crowd", "region"), ("warnings", "warning"))


def name_of(feature: Feature) -> str:
    """What a route calls it."""
    said = feature["properties"]
    return str((said["name"] if said["part"] == "region" else said["title"]) or feature["id"])


def _is_small(geometry: dict[str, Any]) -> bool:
    return area_m2(geometry) <= MOST_AREA_M2
