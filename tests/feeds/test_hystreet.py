"""hystreet. The frames are in fixtures/frames/hystreet."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layers.content import CrowdLine, CrowdSite
from server.feeds import DecodeError
from tests.feeds.dispatch_tools import decoded, reasons
from tests.feeds.fuzz import STRANGE, mutations, survives

NAME = "hystreet"
TOTAL = "Fußgänger insgesamt"
HEAD = f"Lage;Zeitpunkt der Messung;Wochentag;{TOTAL};Wetterlage;{TOTAL} Richtung A;{TOTAL} Richtung B"


def lines(body: Any, **more: Any) -> list[CrowdLine]:
    found = decoded(NAME, body, **more)
    return [each.content for each in found.observations if isinstance(each.content, CrowdLine)]


def export(*rows: str, encoding: str = "utf-8") -> bytes:
    return "\r\n".join([HEAD, *(f"Markt;{row}" for row in rows)]).encode(encoding)


def api(*measurements: dict[str, Any]) -> dict[str, Any]:
    return {"id": 5, "name": "Markt", "measurements": [{"weather_condition": "rain", **each} for each in measurements]}


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ("2026-11-21 10:00:00 +0100;Sat;8;rain;5;3", (8, 5, 3)),
        ("2026-11-21 10:00:00 +0100;Sat;8;rain;;5;3", (8, 5, 3)),
        ("2026-11-21 10:00:00 +0100;Sat;0;rain;0;0", (0, 0, 0)),
        ("2026-11-21 10:00:00 +0100;Sat;0;rain;;0;0", (0, 0, 0)),
    ],
)
def test_columns_that_are_shifted_are_found_by_their_sum(row: str, expected: tuple[int, int, int]) -> None:
    (found,) = lines(export(row))
    assert (found.people, found.people_towards, found.people_away) == expected


def test_directions_that_do_not_add_up_are_not_mended() -> None:
    found = decoded(NAME, export("2026-11-21 10:00:00 +0100;Sat;8;rain;5;9"))
    (observation,) = found.observations
    assert isinstance(observation.content, CrowdLine)
    assert (observation.content.people, observation.content.people_away) == (8, 9)
    assert observation.flags == ("sum_differs",)


def test_nought_without_weather_is_not_nobody() -> None:
    found = decoded(NAME, export("2026-11-21 10:00:00 +0100;Sat;0;;0;0"))
    (observation,) = found.observations
    assert isinstance(observation.content, CrowdLine)
    assert (observation.content.people, observation.flags) == (None, ("not_measured",))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
def test_encodings(encoding: str) -> None:
    (found,) = lines(export("2026-11-21 10:00:00 +0100;Sat;8;rain;5;3", encoding=encoding))
    assert found.people == 8


def test_umlauts_that_are_lost_do_not_matter() -> None:
    (found,) = lines(export("2026-11-21 10:00:00 +0100;Sat;8;rain;5;3").replace("ß".encode(), b"\xef\xbf\xbd"))
    assert (found.people, found.people_towards) == (8, 5)


def test_the_interval_is_the_usual_distance() -> None:
    days = [{"timestamp": f"2026-11-{day}T00:00:00+01:00", "pedestrians_count": day} for day in (10, 11, 12)]
    found = lines(api(*days))
    assert {(line.to_at - line.from_at).total_seconds() for line in found if line.to_at and line.from_at} == {86_400}
    (alone,) = lines(api(days[0]))
    assert alone.to_at and alone.from_at
    assert (alone.to_at - alone.from_at).total_seconds() == 3_600


def test_a_value_that_is_revised_is_another_claim_of_the_same_time() -> None:
    first, again, revised = (
        decoded(NAME, api({"timestamp": "2026-11-20T10:00:00+01:00", "pedestrians_count": n})).observations[0]
        for n in (100, 100, 104)
    )
    assert first.id == again.id != revised.id
    assert first.observed_at == revised.observed_at


def test_an_interval_that_is_not_over() -> None:
    (found,) = decoded(NAME, api({"timestamp": "2026-11-21T19:30:00Z", "pedestrians_count": 4})).observations
    assert (found.observed_at.isoformat(), found.flags) == ("2026-11-21T19:30:01+00:00", ())


def test_where_a_line_is() -> None:
    geometry = {"type": "LineString", "coordinates": [[8.75, 51.71], [8.76, 51.71]]}
    body = api({"timestamp": "2026-11-20T10:00:00+01:00", "pedestrians_count": 4})
    (found,) = decoded(NAME, body, options={"lines": {"5": geometry}}).observations
    assert found.geometry == geometry
    with pytest.raises(DecodeError):
        decoded(NAME, body, options={"lines": {"5": {"type": "Point", "coordinates": [1000, 1]}}})


def test_locations_alone() -> None:
    found = decoded(NAME, [{"id": 1, "name": "Markt", "city": "Ort"}])
    assert [each.content for each in found.observations] == [CrowdSite(name="Markt, Ort")]


@pytest.mark.parametrize("body", [{"a": 1}, [5], [{"name": "x"}], []])
def test_what_is_refused(body: Any) -> None:
    found = decoded(NAME, body)
    assert found.observations == ()
    assert len(reasons(found)) == 1


@pytest.mark.parametrize("body", [b"a;b;c\n1;2;3", b"no table", HEAD.encode()])
def test_what_is_no_export(body: bytes) -> None:
    with pytest.raises(DecodeError):
        decoded(NAME, body)


@given(st.dictionaries(st.sampled_from(["id", "name", "measurements", "metadata"]), st.sampled_from(STRANGE)))
def test_documents_made_of_the_right_words(document: Any) -> None:
    survives(NAME, json.dumps(document).encode())


@given(st.lists(st.lists(st.sampled_from(["", "0", "7", "x", '"', "2026-11-21 10:00:00", "9" * 40]), max_size=9)))
def test_rows_of_anything(rows: list[list[str]]) -> None:
    survives(NAME, "\n".join([HEAD, *(";".join(row) for row in rows)]).encode())


def test_damaged_frames() -> None:
    mutations(NAME, 20261121, 200)
