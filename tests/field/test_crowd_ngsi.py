"""The official examples of CrowdFlowObserved, by both feeds (samples/crowd/SOURCES.md)."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from layers.content import CrowdLine
from tests.feeds.dispatch_tools import decoded

FILES = (
    "ngsild_crowdflowobserved_normalized.jsonld",
    "ngsiv2_crowdflowobserved_normalized.json",
    "ngsiv2_crowdflowobserved_keyvalues.json",
)


@pytest.mark.parametrize("feed", ["ngsi", "ngsi_ld"])
@pytest.mark.parametrize("name", FILES)
def test_the_example(samples: Path, feed: str, name: str) -> None:
    found = decoded(feed, (samples / "crowd" / name).read_bytes())
    assert found.refused == ()
    (observation,) = found.observations
    assert observation.subject == "urn:ngsi-ld:CrowdFlowObserved:Valladolid_1"
    assert observation.observed_at == datetime(2018, 8, 7, 11, 15, tzinfo=UTC)
    assert observation.content == CrowdLine(
        people=100,
        people_towards=50,
        people_away=50,
        direction="inbound",
        congested=False,
        headway_s=5.0,
        from_at=datetime(2018, 8, 7, 11, 10, tzinfo=UTC),
        to_at=datetime(2018, 8, 7, 11, 15, tzinfo=UTC),
    )
    assert isinstance(observation.geometry, dict)
    assert observation.geometry["coordinates"][0] == [-4.73735395519672, 41.6538181849672]
