"""What an administrator tries before opening a port: a capture decoded, the formats listed, refusals looked at."""

import json
from pathlib import Path

import pytest

from server.feeds import feeds
from tests.server import Server, lagebild

VEHICLE = {
    "id": "urn:ngsi-ld:EmergencyVehicle:1",
    "type": "EmergencyVehicle",
    "fmsStatus": 3,
    "location": {"type": "Point", "coordinates": [8.75, 51.72]},
}


def written(path: Path, content: object) -> Path:
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def test_feeds_are_listed_with_their_titles() -> None:
    done = lagebild("feeds")
    assert done.returncode == 0
    assert dict(line.split("\t") for line in done.stdout.splitlines()) == {
        name: feed.title for name, feed in feeds().items()
    }


def test_a_capture_yields_its_observations_as_json_lines(tmp_path: Path) -> None:
    one = written(tmp_path / "one.json", VEHICLE)
    two = written(tmp_path / "two.json", [VEHICLE, {**VEHICLE, "id": "urn:ngsi-ld:EmergencyVehicle:2", "fmsStatus": 4}])
    done = lagebild("decode", "--feed", "ngsi", one, two)
    assert (done.returncode, done.stderr) == (0, "")
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(each["subject"], each["content"]["fms_status"]) for each in found] == [
        ("urn:ngsi-ld:EmergencyVehicle:1", 3),
        ("urn:ngsi-ld:EmergencyVehicle:1", 3),
        ("urn:ngsi-ld:EmergencyVehicle:2", 4),
    ]
    assert found[0]["geometry"] == {"type": "Point", "coordinates": [8.75, 51.72]}


def test_a_bad_part_is_told_and_its_neighbour_printed(tmp_path: Path) -> None:
    mixed = written(tmp_path / "mixed.json", [VEHICLE, {"id": "urn:ngsi-ld:Teapot:1", "type": "Teapot"}])
    done = lagebild("decode", "--feed", "ngsi", mixed)
    assert done.returncode == 0
    assert len(done.stdout.splitlines()) == 1
    assert done.stderr.startswith("mixed.json: refused: ")
    assert "Teapot" in done.stderr


@pytest.mark.parametrize("content", [b"", b"{", b'{"id": "urn:ngsi-ld:Teapot:1", "type": "Teapot"}', b"\xff\xfe\x00"])
def test_where_nothing_can_be_read_there_is_one_line_of_reason(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "bad.bin"
    path.write_bytes(content)
    done = lagebild("decode", "--feed", "ngsi", path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("bad.bin: ")
    assert len(done.stderr.splitlines()) == 1


def test_one_unreadable_file_of_two_is_not_passed_over(tmp_path: Path) -> None:
    good, bad = written(tmp_path / "good.json", VEHICLE), written(tmp_path / "bad.json", "{")
    done = lagebild("decode", "--feed", "ngsi", bad, good)
    assert done.returncode == 2
    assert len(done.stdout.splitlines()) == 1


def test_an_unknown_format_is_a_mistake_of_the_call(tmp_path: Path) -> None:
    done = lagebild("decode", "--feed", "morse", written(tmp_path / "one.json", VEHICLE))
    assert done.returncode == 2
    assert "there is no feed 'morse'" in done.stderr


def test_refusals_are_listed_and_shown_beside_the_running_server(tmp_path: Path) -> None:
    missing = lagebild("quarantine", "list", "--data", tmp_path / "none")
    assert (missing.returncode, missing.stdout) == (1, "")
    data = tmp_path / "data"
    with Server(data) as server:
        body = {"actionType": "append", "entities": [{"id": "urn:ngsi-ld:Teapot:1", "type": "Teapot", "hot": "yes"}]}
        server.request("POST", "/v2/op/update", server.token("feed", "kitchen"), json=body)
        listed = lagebild("quarantine", "list", "--data", data)
        assert listed.returncode == 0
        (line,) = listed.stdout.splitlines()
        row_id, _, situation, source, _, reason = line.split("\t")
        assert (situation, source) == ("live", "ngsi/kitchen")
        assert "Teapot" in reason
        shown = json.loads(lagebild("quarantine", "show", "--data", data, row_id).stdout)
        assert shown["reason"] == reason
        assert "hot" in shown["excerpt"]
        assert lagebild("quarantine", "show", "--data", data, "999").returncode == 1
