"""Two real exports, one of them with shifted columns (samples/crowd/SOURCES.md)."""

from pathlib import Path

import pytest

from layers.content import CrowdLine
from tests.feeds.dispatch_tools import decoded


@pytest.mark.parametrize(
    ("month", "total", "most", "at", "unmeasured"),
    [
        ("05", 350_450, 2_794, "2022-05-27T10:00:00+00:00", 96),
        ("07", 400_599, 3_809, "2022-07-17T10:00:00+00:00", 0),
    ],
)
def test_a_month(samples: Path, month: str, total: int, most: int, at: str, unmeasured: int) -> None:
    found = decoded("hystreet", (samples / "crowd" / f"hystreet_moers_2022-{month}_hourly.csv").read_bytes())
    assert found.refused == ()
    lines = [each.content for each in found.observations if isinstance(each.content, CrowdLine)]
    assert len(lines) == 744
    assert sum(line.people or 0 for line in lines) == total
    busiest = max(lines, key=lambda line: line.people or 0)
    assert busiest.people == most
    assert busiest.from_at is not None
    assert str(busiest.from_at).replace(" ", "T") == at
    assert sum(line.people is None for line in lines) == unmeasured
    assert not any("sum_differs" in each.flags for each in found.observations)


def test_the_first_row_of_the_shifted_one(samples: Path) -> None:
    found = decoded("hystreet", (samples / "crowd" / "hystreet_moers_2022-07_hourly.csv").read_bytes())
    first = found.observations[0]
    assert isinstance(first.content, CrowdLine)
    assert (first.content.people, first.content.people_towards, first.content.people_away) == (8, 5, 3)
    assert (first.extra["towards"], first.extra["away"]) == ("Neumarkt", "Neuer Wall")
