"""What a sample states against what the picture says, after the station sent it."""

from collections import Counter
from typing import Any

from layers.geo import bounds
from server.feeds.sia_dc09 import build
from tests.field.ledger import Sample
from tests.field.station import Features, Station

ASIDE = ("sources", "cards")
"""Layers that say something about every sample."""


def number(sample: Sample) -> str:
    """A name for the report."""
    return f"{sample.path.partition('/')[2][-60:]}{'' if sample.lines is None else sample.lines}"


def of(station: Station, sample: Sample) -> Features:
    """The features that are made of a sample."""
    picture = station.pictures[sample.turn]
    if sample.way.startswith(("hub", "tak")):
        subjects = {name.partition("#")[0] for name in sample.says}
        return {name: one for name, one in picture.items() if name.partition("#")[0] in subjects}
    source = station.source(sample)
    return {
        name: one
        for name, one in picture.items()
        if one["properties"]["layer"] not in ASIDE and source in {each["id"] for each in one["properties"]["sources"]}
    }


def told(feature: dict[str, Any], name: str) -> Any:
    """A property; of the geometry its coordinates, the first of them, or their box."""
    geometry = feature["geometry"]
    if name == "box":
        return list(bounds(geometry))
    if name == "first":
        return geometry["coordinates"][0]
    if name == "geometry":
        return None if geometry is None else geometry["coordinates"]
    return feature["properties"].get(name, "(missing)")


def same(found: Any, stated: Any, name: str = "") -> bool:
    """Equal; numbers to the sixth decimal, places to a tenth of a millimetre."""
    if isinstance(stated, dict):
        return isinstance(found, dict) and all(same(found.get(key), value, key) for key, value in stated.items())
    if isinstance(stated, list | tuple):
        return (
            isinstance(found, list) and len(found) == len(stated) and all(map(same, found, stated, [name] * len(found)))
        )
    if isinstance(stated, float) and isinstance(found, int | float):
        places = name in ("geometry", "coordinates", "box")
        return abs(found - stated) <= (1e-9 if places else 1e-6)
    return type(found) is type(stated) and bool(found == stated)


def holds(station: Station, sample: Sample) -> None:
    """The features that are made of it are as many as stated and have the values that are stated."""
    features = of(station, sample)
    by_name = {one["properties"].get("name"): one for one in features.values()}
    if "*" in sample.says:
        (features["*"],) = (one for name, one in features.items() if "#" not in name)
    for stated, known in ((sample.says, features), (sample.named, by_name)):
        for key, said in stated.items():
            assert key in known, (key, sorted(map(str, known))[:20])
            wrong = {
                name: (told(known[key], name), value)
                for name, value in said.items()
                if not same(told(known[key], name), value, name)
            }
            assert wrong == {}, (key, wrong)
    for name, numbers in sample.tally.items():
        counted = Counter(told(one, name) for one in features.values() if not isinstance(told(one, name), list | dict))
        assert {value: counted[value] for value in numbers} == numbers, (name, counted)
    assert len(features.keys() - {"*"}) == sample.features, sorted(features)[:40]
    assert not set(sample.gone) & station.pictures[sample.turn].keys()


def nothing_is_lost(station: Station, sample: Sample) -> None:
    """What a source says of itself, what the quarantine says of it, and what its sender got."""
    source = station.source(sample)
    if not sample.way.startswith(("hub", "tak")):
        known = station.pictures[max(station.pictures)][f"source:{source}"]["properties"]
        counts = (known["accepted"], known["refused"])
        assert counts == (sample.accepted, sample.refused), counts
    rows = [row["reason"] for row in station.quarantine if f"{row['feed']}/{row['instance']}" == source]
    assert len(rows) == sample.refused, rows
    assert sample.reason is None or sample.reason in rows, rows
    answer = station.answers.get(sample.path)
    if sample.reply is not None:
        assert _answered(answer, sample.reply.encode()), answer
    elif answer is not None:
        assert set(answer) <= {200, 204}, answer


def _answered(reply: Any, stated: bytes) -> bool:
    """Whether a panel got that body in a sound frame; what comes behind a `*` is encrypted, and another each time."""
    if stated.endswith(b"*"):
        return stated[:-1] in reply
    return bool(reply == (build(stated) if stated else b""))
