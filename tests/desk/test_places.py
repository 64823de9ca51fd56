"""Places at a listener: in all, and of one address."""

import pytest

from server.places import Places, network_of


@pytest.mark.parametrize(
    ("address", "who"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3::4", "2001:0db8:0001:0002"),
        ("2001:db8:1:2:ffff::1", "2001:0db8:0001:0002"),
        ("fe80::1%eth0", "fe80:0000:0000:0000"),
        ("unknown", "unknown"),
    ],
)
def test_who_counts_as_one(address: str, who: str) -> None:
    assert network_of(address) == who


def test_nobody_takes_the_places_of_others() -> None:
    places = Places(5)
    assert [places.take("192.0.2.1") for _ in range(4)] == [
        None,
        None,
        None,
        "3 connections are open already from 192.0.2.1",
    ]
    assert [places.take(f"2001:db8::{number}") for number in range(3)] == [None, None, "5 connections are open already"]
    places.leave("192.0.2.1")
    assert places.open == 4
    assert places.take("192.0.2.1") is None
    for _ in range(3):
        places.leave("192.0.2.1")
    places.leave("2001:db8:0:0:1::")
    places.leave("2001:db8::7")
    assert places.open == 0


@pytest.mark.parametrize(("total", "each"), [(1, 1), (2, 1), (3, 2), (200, 100)])
def test_without_a_setting_an_address_has_half(total: int, each: int) -> None:
    assert Places(total).per_address == each
