"""The samples of warnings and posts through a running server: what is sent is what the picture says."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.server import Server

pytestmark = pytest.mark.field
Features = dict[str, dict[str, Any]]
REFUSED = {"invalid.cap", "xee.cap"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server without an exercise."""
    with Server(tmp_path_factory.mktemp("warnings"), "--no-demo") as running:
        yield running


@pytest.fixture(scope="module")
def features(server: Server, samples: Path) -> Features:
    """The picture after every file was posted to its feed."""
    token = server.token("feed", "probe")
    for path in sorted((samples / "cap").glob("*/*.*")):
        if path.suffix == ".xsd":
            continue
        answer = server.request("POST", f"/feeds/cap/{path.parent.name}", token, data=path.read_bytes())
        assert answer.status_code == (400 if path.name in REFUSED else 200), (path.name, answer.text)
    for path in sorted((samples / "social" / "mastodon").glob("*.yaml")):
        for each in yaml.safe_load(path.read_text(encoding="utf-8"))["interactions"]:
            server.request("POST", "/feeds/mastodon", token, data=each["response"]["body"]["string"].encode())
    found = server.get("/picture?situation=live", server.token("control"))["features"]
    return {feature["id"]: feature for feature in found}


def warnings(features: Features) -> list[dict[str, Any]]:
    """Every warning."""
    return [one["properties"] for one in features.values() if one["properties"]["layer"] == "warnings"]


def test_every_warning_is_there_once(features: Features) -> None:
    events = sorted(str(one["event"]) for one in warnings(features))
    assert events == sorted(
        [
            *("WINDBÖEN", "STARKREGEN", "TEST-WARNUNG", "STURMBÖEN", "FROST", "BÖEN", "Test Hazard"),
            *("Child Abduction", "Fire", "Earthquake", "Flood Warning", "Flash Flood Watch", "Tsunami Warning"),
            *("snowfall", "thunderstorm", "Air Quality Alert", "Air Quality Alert", "Air Quality Alert"),
            *("Excessive Heat Warning",) * 3,
        ]
    ), "the earthquake came twice, once without a word: it is one"


def test_nothing_of_the_past_is_in_force(features: Features) -> None:
    assert [one["event"] for one in warnings(features) if one["in_force"]] == []
    assert {one["geometry"] is None for one in features.values() if one["properties"]["layer"] == "warnings"} == {True}


def test_tests_are_not_meant(features: Features) -> None:
    assert {one["event"] for one in warnings(features) if not one["actual"]} == {"TEST-WARNUNG", "Test Hazard"}


def test_ages_are_those_of_the_messages(features: Features) -> None:
    sturm = next(one for one in warnings(features) if one["event"] == "STURMBÖEN")
    assert (sturm["sent_at"], sturm["observed_at"]) == ("2026-04-20T06:55:00.000Z",) * 2
    assert sturm["area_codes"] == {"EMMA_ID": ["DE343"], "WARNCELLID": ["114521000"]}


def test_posts_are_there_but_the_private_and_the_deleted(features: Features) -> None:
    posts = {key for key, one in features.items() if one["properties"]["part"] == "post"}
    assert {"mastodon:110446223051565765", "mastodon:110446183735368325", "mastodon:117440838331817220"} <= posts
    assert not {"mastodon:110447012773105565", "mastodon:110447003454258227"} & posts
    assert "mastodon:117440841341935157" not in posts


def test_nothing_private_is_in_the_data_folder(server: Server, samples: Path) -> None:
    recorded = yaml.safe_load(
        (samples / "social" / "mastodon" / "test_entity_mediaattachment.yaml").read_text(encoding="utf-8")
    )
    words = [json.loads(each["response"]["body"]["string"])["content"] for each in recorded["interactions"]]
    kept = b"".join(path.read_bytes() for path in server.data.rglob("*") if path.is_file())
    assert [word for word in words if len(word) > 10 and word.encode() in kept] == []
