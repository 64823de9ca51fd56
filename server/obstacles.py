"""What in a picture stands in an engine's way: crowds that are too dense, areas that a warning says to keep out of.

A crowd is slow, not closed: people make way at a walking pace. A warning closes only what is small (`MOST_AREA_M2`)
and says so by a response type of CAP (Evacuate, Avoid): a storm warning
for a district is a reason to hurry, not to stay out.
"""

from layers.geo import area_m2
from layers.picture import Picture
from server.base.routing import Avoid

KEEP_OUT = frozenset({"Evacuate", "Avoid"})
MOST_AREA_M2 = 4_000_000.0
MOST = 100


def obstacles(picture: Picture) -> list[Avoid]:
    """With the desk's lock held; cheap. Sorted by subject, at most `MOST`."""
    found = []
    for subject in picture.subjects("crowd_region"):
        feature = picture.features.get(subject)
        if feature is not None and feature["geometry"] is not None and feature["properties"]["over_threshold"]:
            found.append(Avoid(feature["properties"]["name"] or subject, feature["geometry"], slow=True))
    for subject in picture.subjects("warning"):
        feature = picture.features.get(subject)
        if feature is None or feature["geometry"] is None or not feature["properties"]["drawn"]:
            continue
        properties = feature["properties"]
        if KEEP_OUT.intersection(properties["response_types"]) and area_m2(feature["geometry"]) <= MOST_AREA_M2:
            found.append(Avoid(properties["title"] or subject, feature["geometry"]))
    return found[:MOST]
