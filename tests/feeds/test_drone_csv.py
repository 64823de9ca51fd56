"""Metadata of images as a table. The frames are in fixtures/frames/drone_csv."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET

from layers.content import Image
from layers.geo import area_m2
from server.feeds import DecodeError, feeds
from server.feeds.drone_csv import NAME
from tests.feeds.dispatch_tools import decoded, reasons
from tests.feeds.frames import FRAMES, context, yielded
from tests.feeds.fuzz import survives

HEAD = b"SourceFile,FileName,DateTimeOriginal,GPSLatitude,GPSLongitude,GimbalPitchDegree\n"


def test_a_row_is_read_as_its_image_would_be() -> None:
    found = yielded(FRAMES / NAME / "exiftool.csv")
    first, second = found.observations
    assert isinstance(first.content, Image)
    assert (first.content.name, first.content.view) == ("DJI_20261121190511_0001_D.JPG", "nadir")
    assert first.geometry == {"type": "Point", "coordinates": [8.78, 51.83]}
    assert first.observed_at == datetime(2026, 11, 21, 18, 5, 11, tzinfo=UTC)
    assert (first.content.height_m, first.content.altitude_m, first.content.heading_deg) == (80.0, 215.3, 30.0)
    assert isinstance(first.content.footprint, dict)
    focal_px = 24 * 5000 / 43.26661530556787
    assert area_m2(first.content.footprint) == pytest.approx(4000 * 3000 * (80 / focal_px) ** 2, rel=1e-3)
    assert isinstance(second.content, Image)
    assert second.geometry == {
        "type": "Point",
        "coordinates": [pytest.approx(-8.78008333), pytest.approx(-51.83008333)],
    }
    assert second.content.name is UNSET
    assert "heading_of_aircraft" in second.flags
    assert reasons(found) == ["a row without anything of an image"]


def test_numbers_with_their_groups() -> None:
    (observation,) = yielded(FRAMES / NAME / "numbers.csv").observations
    assert isinstance(observation.content, Image)
    assert observation.observed_at == datetime(2026, 11, 21, 18, 5, 11, tzinfo=UTC)
    assert observation.geometry == {"type": "Point", "coordinates": [8.78, 51.83]}
    assert (observation.content.camera, observation.content.rtk, observation.accuracy_m) == (
        "DJI FC6310",
        "fixed",
        0.015,
    )
    assert observation.content.altitude_m == 215.3


def test_names_of_persons_are_not_kept() -> None:
    assert b"Mustermann" not in repr(yielded(FRAMES / NAME / "exiftool.csv").observations).encode()


def test_each_image_has_an_id_of_its_own() -> None:
    row = b"a/DJI_0001.JPG,DJI_0001.JPG,2026:11:21 19:05:11,51.83 N,8.78 E,-90\n"
    found = decoded(NAME, HEAD + row + row + row.replace(b"a/", b"b/"))
    assert len({each.subject for each in found.observations}) == len(found.observations) == 2


@pytest.mark.parametrize(
    "body", [b"a,b\n1,2\n", b"SourceFile\nx\n", HEAD, b"Id,Time(seconds),Latitude,Longitude\n1,2,51,8\n"]
)
def test_what_yields_nothing(body: bytes) -> None:
    with pytest.raises(DecodeError):
        feeds()[NAME].decode(body, context(NAME))


@given(st.lists(st.text(max_size=30), min_size=6, max_size=6))
def test_any_cells_are_survived(cells: list[str]) -> None:
    survives(
        NAME, HEAD + ",".join(cells).encode("utf-8", "replace") + b"\nx,y,2026:11:21 19:05:11,51.83 N,8.78 E,-90\n"
    )


def test_a_time_at_the_beginning_of_all_times_is_survived() -> None:
    (image,) = decoded(NAME, HEAD + b"a/b.jpg,b.jpg,0001:01:01 00:00:00,51.83 N,8.78 E,-90\n").observations
    assert image.observed_at.year == 2026


def test_other_files_of_the_folder_may_come_first() -> None:
    image = {"SourceFile": "DJI_0002.JPG", "GPSLatitude": 51.83, "GPSLongitude": 8.78, "RelativeAltitude": "+80"}
    marks = {"SourceFile": "100_0001_Timestamp.MRK", "Error": "Unknown file type"}
    found = decoded(NAME, [marks, image])
    assert len(found.observations) == 1
    assert reasons(found) == ["a row without anything of an image"]
