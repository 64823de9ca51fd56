"""Images of OpenAerialMap as STAC and as its own answer (samples/drone/SOURCES.md)."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from layers.content import Image
from layers.geo import bounds
from tests.feeds.dispatch_tools import decoded


def test_a_stac_item(samples: Path) -> None:
    found = decoded("stac", (samples / "drone" / "stac_item_oam_uav.json").read_bytes())
    (observation,) = found.observations
    assert found.refused == ()
    assert observation.subject == "stac:59e62b903d6412ef7220a02f"
    assert observation.observed_at == datetime(2016, 5, 1, 7, 0, tzinfo=UTC)
    assert isinstance(observation.content, Image)
    assert isinstance(observation.content.footprint, dict)
    box = (-116.38018350872743, 34.74269850450097, -116.37018935527587, 34.750779859363035)
    assert bounds(observation.content.footprint) == box
    assert (observation.content.name, observation.content.camera) == ("Pisgah Crater Cinder Cone", "Phantom 3 Pro")
    assert observation.content.gsd_m == pytest.approx(0.0333, abs=1e-4)


def test_an_answer_of_openaerialmap(samples: Path) -> None:
    found = decoded("stac", (samples / "drone" / "oam_meta_api_response10.json").read_bytes())
    assert (len(found.observations), found.refused) == (10, ())
    first = found.observations[0]
    assert first.subject == "stac:openaerialmap:59e62b863d6412ef72209ae1"
    assert isinstance(first.content, Image)
    assert isinstance(first.content.footprint, dict)
    box = (-80.4248105, -0.9801461999990004, -80.418725308, -0.9748216999999999)
    assert bounds(first.content.footprint) == box
