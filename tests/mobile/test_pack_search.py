"""A pack is asked: streets as they are typed, the nearest water; and what is said of packs."""

import json
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from mobile import pack_words
from mobile.addresses import Addresses, folded
from mobile.i18n import Words
from mobile.keeper import PacksState, PackState, Phase
from mobile.pack import Pack, read_list
from server.packs.area import PackEntry

Town = tuple[PackEntry, Path]


def test_what_is_said_before_the_crew_leaves() -> None:
    words = Words()
    old = PackState("a", "Kreis", Phase.OUTDATED, "2026-05-03T08:00:00Z", "2026-11-21T03:00:00Z", 48_000_000)
    missing = PackState("b", "Stadt", Phase.MISSING, "", "2026-11-21T03:00:00Z", 900_000)
    loading = PackState("b", "Stadt", Phase.MISSING, "", "2026-11-21T03:00:00Z", 1_000_000, 250_000, True)
    fine = PackState("c", "Land", Phase.CURRENT, "2026-11-21T03:00:00Z", "2026-11-21T03:00:00Z", 12_300_000)
    assert pack_words.warning(PacksState((old,)), words) == "Karte vom 3. Mai 2026, neu: 21. November 2026"
    assert pack_words.warning(PacksState((fine, old, missing)), words) == "Karte fehlt (Stadt)"
    assert pack_words.warning(PacksState((loading,)), words) == "Karte fehlt – lädt 25 %"
    assert pack_words.warning(PacksState((fine,)), words) == pack_words.warning(PacksState(), words) == ""
    assert pack_words.standing(missing, words) == "fehlt auf diesem Tablet, 0,9 MB"
    assert pack_words.standing(old, words) == "Stand 3. Mai 2026, neu: 21. November 2026, 48 MB"
    assert pack_words.standing(fine, words) == "aktuell, Stand 21. November 2026"
    assert pack_words.standing(loading, words) == "lädt: 0,2 MB von 1,0 MB (25 %)"


@pytest.fixture(scope="module")
def streets(town_pack: Town, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Addresses]:
    """A pack with the addresses that the tests below look for."""
    path = tmp_path_factory.mktemp("streets") / "streets.pack"
    shutil.copy(town_pack[1], path)
    with sqlite3.connect(path) as connection:
        connection.execute("DELETE FROM street")
        connection.execute("DELETE FROM address")
        connection.execute("DELETE FROM object")
        connection.executemany(
            "INSERT INTO street VALUES (?,?,?,?,?,?)",
            [
                (1, "Warburger Straße", "33100", "Paderborn", 8.77, 51.71),
                (2, "Kamp", "33098", "Paderborn", 8.75, 51.717),
                (3, "Königsplätze", "33098", "Paderborn", 8.753, 51.719),
                (4, "Hauptstraße", "33178", "Borchen", 8.73, 51.66),
                (5, "Hauptstraße", "33100", "Paderborn", 8.78, 51.70),
            ],
        )
        houses = [(1, "12", 8.771, 51.711), (1, "12a", 8.7712, 51.7111), (1, "120", 8.78, 51.70), (2, "1", 8.75, 51.7)]
        connection.executemany("INSERT INTO address VALUES (?,?,?,?)", houses)
    connection.close()
    pack = Pack(path)
    yield Addresses([pack])
    pack.close()


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("Warburger Str. 12a, 33100 PB", "Warburger Straße 12a, 33100 Paderborn"),
        ("warburger strasse 12 a", "Warburger Straße 12a, 33100 Paderborn"),
        ("Warburgerstr 12", "Warburger Straße 12, 33100 Paderborn"),
        ("Wartburger Straße", "Warburger Straße, 33100 Paderborn"),
        ("Warburger Str. 99", "Warburger Straße, 33100 Paderborn"),
        ("Kamp 1", "Kamp 1, 33098 Paderborn"),
        ("koenigsplaetze", "Königsplätze, 33098 Paderborn"),
        ("konigsplatze", "Königsplätze, 33098 Paderborn"),
        ("Königs", "Königsplätze, 33098 Paderborn"),
        ("Hauptstr., Borchen", "Hauptstraße, 33178 Borchen"),
        ("Hauptstraße, 33100", "Hauptstraße, 33100 Paderborn"),
    ],
)
def test_addresses_as_they_are_typed(streets: Addresses, typed: str, found: str) -> None:
    assert streets.find(typed)[0].address.text == found


def test_an_object_is_found_by_its_name(town_pack: Town) -> None:
    pack = Pack(town_pack[1])
    (rathaus, *_) = Addresses([pack]).find("Rathaus Padertopia")
    assert (rathaus.address.street, rathaus.score) == ("Rathaus Padertopia", 1.0)
    assert rathaus.address.at == pytest.approx((8.7805, 51.8301), abs=0.002)
    (typed, *_) = Addresses([pack]).find("rathaus 3")
    assert typed.address.street == "Rathaus Padertopia"
    pack.close()


def test_several_hits_are_offered_and_nonsense_finds_nothing(streets: Addresses) -> None:
    both = streets.find("Hauptstraße")
    assert {hit.address.city for hit in both[:2]} == {"Borchen", "Paderborn"}
    assert both[0].score == both[1].score
    house = streets.find("Warburger Straße 12")
    assert [hit.address.housenumber for hit in house[:1]] == ["12"]
    for nothing in ("", "x", "12", "Xyzzyweg", ",,,", "33100"):
        assert streets.find(nothing) == []
    assert folded("Große Str.") == folded("GROSSE STRASSE") == "grossestrasse"


def test_the_nearest_water_comes_from_the_pack(tmp_path: Path, town_pack: Town) -> None:
    path = tmp_path / "water.pack"
    shutil.copy(town_pack[1], path)
    with sqlite3.connect(path) as connection:
        connection.execute("DELETE FROM water")
        rows = [(f"n{n}", "underground", f"H{n}", 100, 8.78 + 0.001 * n, 51.83) for n in range(40)]
        connection.executemany("INSERT INTO water VALUES (?,?,?,?,?,?)", rows)
    connection.close()
    pack = Pack(path)
    found = pack.water((8.7851, 51.83), 140.0)
    assert [point.id for point in found] == ["n5", "n6", "n4", "n7"]
    pack.close()
    assert pack.water((8.7851, 51.83), 140.0) == []


def test_a_list_that_is_none_is_an_error(town_pack: Town) -> None:
    for wrong in (b"", b"[]", b'{"packs": 3}', b"<html>"):
        with pytest.raises(ValueError, match=r"."):
            read_list(wrong)
    assert read_list(json.dumps({"packs": [1, {"id": "x"}]}).encode()) == [{"id": "x"}]
