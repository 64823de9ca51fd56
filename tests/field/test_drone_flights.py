"""Recordings and tables of flights (samples/drone/SOURCES.md)."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from layers.content import Image
from layers.geo import as_shape, distance_to_m
from tests.feeds.dispatch_tools import decoded


def test_subtitles(samples: Path) -> None:
    found = decoded("dji_srt", (samples / "drone" / "dji_video_telemetry.srt").read_bytes())
    assert found.refused == ()
    assert [each.geometry for each in found.observations] == [
        {"type": "Point", "coordinates": [-82.6669, 27.7716, 0.0]}
    ] * 3
    assert [each.extra["satellites"] for each in found.observations] == [10.0, 9.0, 9.0]


def test_a_flight_record_whose_beginning_is_in_its_name(samples: Path) -> None:
    body = (samples / "drone" / "dji_flightlog_2020-12-02.csv").read_bytes()
    found = decoded("dji_flightlog", body, options={"started_at": "2020-12-02 07:50:31"}, zone="Pacific/Auckland")
    assert len(found.observations) == sum(1 for line in body.splitlines()[1:] if line.strip())
    first = found.observations[0]
    assert first.geometry == {"type": "Point", "coordinates": [170.42456545, -44.69009395]}
    assert first.observed_at == datetime(2020, 12, 1, 18, 50, 31, 300_000, UTC)


def test_the_images_of_a_mapping_mission(samples: Path) -> None:
    body = (samples / "drone" / "dji_agung2_image_metadata.csv").read_bytes()
    found = decoded("drone_csv", body, zone="Asia/Makassar")
    assert (len(found.observations), found.refused) == (1817, ())
    first = found.observations[0]
    assert isinstance(first.content, Image)
    assert isinstance(first.geometry, dict)
    assert first.geometry["coordinates"] == pytest.approx([115.461831, -8.294250], abs=1e-6)
    assert first.observed_at == datetime(2025, 10, 2, 4, 8, 47, tzinfo=UTC)
    assert first.content.pitch_deg == -80.0
    assert first.content.heading_deg == pytest.approx(269.9)
    assert first.content.altitude_m == 1131.876
    area = json.loads((samples / "drone" / "dji_agung2_aoi.geojson").read_bytes())
    area = area["features"][0]["geometry"] if area["type"] == "FeatureCollection" else area.get("geometry", area)
    assert as_shape(area).is_valid
    far = [
        distance_to_m(area, *each.geometry["coordinates"])
        for each in found.observations
        if isinstance(each.geometry, dict)
    ]
    assert len(far) == 1817
    assert max(far) < 1_000
