"""Every sample of the field by its own transport into a running server; the picture has the values that are stated.

What is sent and what must come of it is in tests/field/stated; docs/feeds.md has it as a table.
"""

import csv
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.field.holding import holds, nothing_is_lost, number
from tests.field.ledger import Sample
from tests.field.recordings import messages
from tests.field.stated import SAMPLES
from tests.field.station import Station

pytestmark = pytest.mark.field


@pytest.fixture(scope="module")
def station(samples: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Station]:
    """Everything was sent."""
    made = Station(tmp_path_factory.mktemp("field"), samples, SAMPLES)
    try:
        yield made.start()
    finally:
        made.close()


@pytest.mark.parametrize("sample", SAMPLES, ids=number)
def test_a_sample_comes_out_as_stated(station: Station, sample: Sample) -> None:
    holds(station, sample)


@pytest.mark.parametrize("sample", SAMPLES, ids=number)
def test_nothing_is_lost_on_the_way(station: Station, sample: Sample) -> None:
    nothing_is_lost(station, sample)


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
