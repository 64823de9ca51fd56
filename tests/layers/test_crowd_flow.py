"""Counters that tell totals alone: the flow of the last minutes, and counters that began anew."""

import pytest

from layers import content as c
from layers.density import flow_per_min
from tests.layers.world import at, picture_of, place, point, properties, see


@pytest.mark.parametrize(
    ("totals", "expected"),
    [
        ([100, 160], 60.0),
        ([100, 160, 160], 30.0),
        ([100, 40], 40.0),
        ([100, 130, 10, 40], 70 / 3),
        ([100], None),
        ([], None),
    ],
)
def test_flow(totals: list[int], expected: float | None) -> None:
    assert flow_per_min([(at(60.0 * n), total) for n, total in enumerate(totals)]) == expected


def test_two_totals_of_one_moment_are_no_flow() -> None:
    assert flow_per_min([(at(5), 1), (at(5), 9)]) is None


def test_a_counter_of_totals_shows_its_flow_where_it_is() -> None:
    said = [
        see(
            "line",
            c.CrowdCount(inbound_total=100 + 30 * n, outbound_total=50 - 20 * n),
            60.0 * n,
            geometry=point(8.7, 51.7),
        )
        for n in (2, 0, 1)
    ]
    picture = picture_of(*said)
    told = properties(picture, "line")
    assert (told["inbound_total"], told["inbound_per_min"]) == (160, 30.0)
    assert (told["outbound_total"], told["outbound_per_min"]) == (10, 20.0)
    assert place(picture, "line") == point(8.7, 51.7)


def test_a_region_shows_the_flow_of_its_counter() -> None:
    region = c.CrowdRegion(name="Tor", area=None, count="line")
    said = [see("line", c.CrowdCount(inbound_total=10 * n), 60.0 * n) for n in (1, 2)]
    told = properties(picture_of(see("roi", region, 0), *said), "roi")
    assert (told["inbound_per_min"], told["outbound_per_min"], told["trend_pm2_per_min"]) == (10.0, None, None)
