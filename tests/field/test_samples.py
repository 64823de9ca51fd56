"""Every sample of the field by its own transport into a running server; the picture has the values that are stated.

What is sent and what must come of it is in tests/field/stated; docs/feeds.md has it as a table.
"""

import csv
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from layers.geo import bounds
from server.feeds.sia_dc09 import build
from tests.field.ledger import Sample
from tests.field.recordings import messages
from tests.field.stated import SAMPLES
from tests.field.station import Features, Station

pytestmark = pytest.mark.field
ASIDE = ("sources", "cards")
"""Layers that say something about every sample."""


@pytest.fixture(scope="module")
def station(samples: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Station]:
    """Everything was sent."""
    made = Station(tmp_path_factory.mktemp("field"), samples, SAMPLES)
    try:
        yield made.start()
    finally:
        made.close()


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


def number(sample: Sample) -> str:
    """A name for the report."""
    return f"{sample.path.partition('/')[2][-60:]}{'' if sample.lines is None else sample.lines}"


@pytest.mark.parametrize("sample", SAMPLES, ids=number)
def test_a_sample_comes_out_as_stated(station: Station, sample: Sample) -> None:
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
            assert wrong == {}, key
    for name, numbers in sample.tally.items():
        counted = Counter(told(one, name) for one in features.values() if not isinstance(told(one, name), list | dict))
        assert {value: counted[value] for value in numbers} == numbers
    assert len(features.keys() - {"*"}) == sample.features
    assert not set(sample.gone) & station.pictures[sample.turn].keys()


def answered(reply: Any, stated: bytes) -> bool:
    """Whether a panel got that body in a sound frame; what comes behind a `*` is encrypted, and another each time."""
    if stated.endswith(b"*"):
        return stated[:-1] in reply
    return bool(reply == (build(stated) if stated else b""))


@pytest.mark.parametrize("sample", SAMPLES, ids=number)
def test_nothing_is_lost_on_the_way(station: Station, sample: Sample) -> None:
    """What a source says of itself, what the quarantine says of it, and what its sender got."""
    source = station.source(sample)
    if not sample.way.startswith(("hub", "tak")):
        known = station.pictures[max(station.pictures)][f"source:{source}"]["properties"]
        assert (known["accepted"], known["refused"]) == (sample.accepted, sample.refused)
    rows = [row["reason"] for row in station.quarantine if f"{row['feed']}/{row['instance']}" == source]
    assert len(rows) == sample.refused
    assert sample.reason is None or sample.reason in rows
    answer = station.answers.get(sample.path)
    if sample.reply is not None:
        assert answered(answer, sample.reply.encode())
    elif answer is not None:
        assert set(answer) <= {200, 204}


def test_dispatch_codes_come_letter_by_letter(station: Station, samples: Path) -> None:
    """All of Berlin's, with their commas, slashes, brackets and umlauts."""
    path = samples / "dispatch" / "berlin" / "missions_by_code.csv"
    with path.open(encoding="utf-8", newline="") as file:
        stated = {row["dispatchcode_hauptbeschwerde_name"] for row in csv.DictReader(file)}
    found = [one["properties"] for name, one in station.pictures[0].items() if name.startswith("alamos_fe2:Feld:B")]
    assert {one["keyword"] for one in found} == stated


def test_the_dense_windows_of_seattle(station: Station) -> None:
    """As a planner finds them for a replay: local time of the city is seven or eight hours behind."""
    features = station.pictures[0].items()
    at = [one["properties"]["observed_at"] for name, one in features if name.startswith("seattle:")]
    assert sum("2005-12-25T01:11:01" <= each <= "2005-12-27T04:16:55.999" for each in at) == 462
    assert sum("2019-04-24T07:00:00" <= each < "2019-04-26T07:00:00" for each in at) == 252


def test_originals_of_images_are_kept(station: Station, samples: Path) -> None:
    feature = station.pictures[0]["drone_image:df95563988514b55de450fa60f2d6043"]["properties"]
    kept = station.server.request("GET", feature["url"], station.control).content
    assert kept == (samples / "drone" / "dji_p4m_nadir_rtk.tif").read_bytes()
    small = station.server.request("GET", feature["thumbnail_url"], station.control).content
    assert small.startswith(b"\xff\xd8")


def test_who_flies_a_drone_reaches_the_control_room_alone(station: Station) -> None:
    assert "GBR-OP-123ABCD" in json.dumps(station.pictures[0])
    for role in ("liaison", "admin"):
        told = station.server.request("GET", "/picture?situation=live", station.server.token(role)).text
        assert "GBR-OP-123ABCD" not in told, role


def test_nothing_of_a_post_for_followers_is_in_the_data_folder(station: Station, samples: Path) -> None:
    name = "social/mastodon/test_entity_mediaattachment.yaml"
    entry = next(sample for sample in SAMPLES if sample.path == name)
    words = [json.loads(body)["content"] for body in messages(samples, entry)]
    kept = b"".join(path.read_bytes() for path in station.server.data.rglob("*") if path.is_file())
    assert [word for word in words if len(word) > 10 and word.encode() in kept] == []
    assert not {"mastodon:110447012773105565", "mastodon:110447003454258227"} & station.pictures[1].keys()
