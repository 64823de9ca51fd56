"""A real EDXL-DE message of the New South Wales Rural Fire Service (samples/dispatch/SOURCES.md)."""

from datetime import UTC, datetime
from pathlib import Path

from layers.content import Warning as CapWarning
from tests.feeds.dispatch_tools import decoded


def test_seven_alerts_in_one_envelope(samples: Path) -> None:
    found = decoded("edxl_de", (samples / "dispatch" / "edxl" / "bushfire_valid.edxlde").read_bytes())
    assert found.refused == ()
    told = [each.content for each in found.observations if isinstance(each.content, CapWarning)]
    assert len(told) == len({each.subject for each in found.observations}) == 7
    assert {each.status for each in told} == {"Actual"}
    first, second = found.observations[:2]
    assert first.extra["edxl"]["distribution"] == "RFSuniqueID12345"
    assert first.geometry == {"type": "Point", "coordinates": [151.9576, -30.546]}
    assert first.observed_at == datetime(2011, 10, 17, 11, 18, tzinfo=UTC)
    assert [each.headline for each in told[:2]] == ["One Tree MVA (Unmapped Incident)", "Quinambyie"]
    assert (told[1].event, told[1].severity, told[1].ends_at) == (
        "Grassfire",
        "Moderate",
        datetime(2011, 10, 18, 5, 34, tzinfo=UTC),
    )
    assert second.observed_at == datetime(2011, 10, 17, 5, 34, tzinfo=UTC)
