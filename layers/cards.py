"""Layer cards: the five-minute card of each mission, and when it has to be written anew."""

from layers.assignment import concerned
from layers.book import SEARCH, Book, Change
from layers.brief import FARTHEST_M, brief
from layers.draw import common, feature, stamp
from layers.geo import bounds
from layers.missions import OPEN, state, title
from layers.near import around
from layers.wire import Feature

PREFIX = "card:"
NEAR = frozenset({"crowd", "drones", "buildings", "devices", "reports", "warnings"})
"""Layers whose features concern the missions around them."""


def of_change(change: Change, book: Book) -> list[str]:
    """Missions whose cards tell what changed of a unit: not its every position, but the one per step."""
    if change.kind != "unit" or not change.touches("history", "fms_status", "call_sign", "name", "mission", "approach"):
        return []
    return [*concerned(book, change), *change.targets]


def of_feature(before: Feature | None, after: Feature | None, book: Book) -> list[str]:
    """Missions whose cards may tell of a feature that came, changed or went."""
    found: list[str] = []
    for known in (before, after):
        if known is None:
            continue
        layer, geometry = known["properties"]["layer"], known["geometry"]
        if layer == "missions":
            found.append(known["id"])
        elif not book.kinds["mission"]:
            continue
        elif layer == "water":
            found.append(known["properties"]["mission"])
        elif layer == "notes":
            found.extend(filter(None, [known["properties"]["mission"]]))
        elif layer in NEAR and geometry is not None and "#" not in known["id"]:
            near = book.around(around(bounds(geometry), FARTHEST_M), "mission")
            found += [mission.subject for mission in near if state(mission, book.time()) == OPEN]
        elif layer == "reports" and known["properties"].get("search_ids"):
            for search in known["properties"]["search_ids"]:
                found += [mission.subject for mission in book.referring(SEARCH + search, "mission")]
    return found


def draw(mission: str, book: Book) -> list[Feature]:
    """The card; its own age is that of its newest fact."""
    record = book.record(mission, "mission")
    if record is None:
        return []
    sections = brief(book, record)
    facts = [fact for facts in sections.values() for fact in facts]
    newest: dict[str, str] = {}
    for fact in facts:
        newest[fact["source"]] = max(newest.get(fact["source"], ""), fact["observed_at"])
    properties = common(book, record, "cards", "card", title(record), not_after=record.get("valid_to"))
    properties.update(
        observed_at=max((fact["observed_at"] for fact in facts), default=stamp(record.lead.observed_at)),
        sources=[{"id": source, "observed_at": newest[source]} for source in sorted(newest)],
        times={},
        mission=mission,
        sections=sections,
    )
    return [feature(PREFIX + mission, None, properties)]
