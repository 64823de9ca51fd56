"""Water near a mission by the length of hose, as worked out from the base data (parts `water-1`, `water-2` ...)."""

from layers.book import Book
from layers.draw import Properties, coarse_expiry, common, feature, only
from layers.records import Record
from layers.wire import Feature

NAME = "water"
FIELDS = (
    *("id", "kind", "ref", "name", "distance_m", "b_hoses", "diameter_mm", "position", "couplings", "flow_lpm"),
    *("pressure_bar", "volume_l", "access"),
)


def points(mission: Record) -> list[Properties]:
    """The water, nearest first, with its position."""
    return [{name: getattr(one, name) for name in (*FIELDS, "lon", "lat")} for one in mission.get(NAME) or ()]


def draw(book: Book, mission: Record) -> list[Feature]:
    """A point for each."""
    drawn = []
    for number, one in enumerate(points(mission), 1):
        title = " ".join(str(one[name]) for name in ("ref", "name") if one[name]) or None
        told = common(
            book, mission, "water", f"water-{number}", title, held=only(mission, NAME),
            expires_at=coarse_expiry(book, mission),
        )  # fmt: skip
        told.update({name: one[name] for name in FIELDS if name != "id"}, osm=one["id"], mission=mission.subject)
        place = {"type": "Point", "coordinates": [one["lon"], one["lat"]]}
        drawn.append(feature(f"{mission.subject}#water-{number}", place, told))
    return drawn
