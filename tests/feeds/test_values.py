"""Times, numbers and geometries as the field writes them."""

from datetime import UTC, datetime, timedelta
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given

from server.feeds import DecodeError, Limits
from server.feeds._geometry import BadGeometry, NoPosition, cap_circle, cap_polygon, geojson
from server.feeds._json import depth_exceeds, load
from server.feeds._times import interval, moment
from server.feeds.ngsi.values import Bad, Reading, choice, count, degrees, flag, kmh, number, text, url, words
from tests.feeds.frames import context


def at(text: str) -> datetime:
    """A UTC time, written exactly."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("written", "expected", "assumed"),
    [
        ("2020-10-13T11:32:35.162Z", "2020-10-13T11:32:35.162", False),
        ("2020-02-07T08:36:00.00Z", "2020-02-07T08:36:00", False),
        ("2026-11-21T19:05:11+0000", "2026-11-21T19:05:11", False),
        ("2026-11-21T19:05:11+0100", "2026-11-21T18:05:11", False),
        ("2026-11-21T19:05:11+01:00", "2026-11-21T18:05:11", False),
        ("2026-11-21T19:05:11-03", "2026-11-21T22:05:11", False),
        ("2026-11-21t19:05:11z", "2026-11-21T19:05:11", False),
        (" 2026-11-21 19:05:11 +0100 ", "2026-11-21T18:05:11", False),
        ("2021-03-26T09:04:09", "2021-03-26T09:04:09", True),
        ("2021-03-26T09:04", "2021-03-26T09:04:00", True),
        ("2021-03-26", "2021-03-26T00:00:00", True),
        ("2026-11-21T19:05:11.123456789Z", "2026-11-21T19:05:11.123456", False),
        ("2026-11-21T19:05:11,5Z", "2026-11-21T19:05:11.5", False),
        ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00", False),
        (1763752800, "2025-11-21T19:20:00", False),
        (1763752800.5, "2025-11-21T19:20:00.5", False),
        (1763752800123, "2025-11-21T19:20:00.123", False),
        ("1763752801", "2025-11-21T19:20:01", False),
        (0, "1970-01-01T00:00:00", False),
    ],
    ids=repr,
)
def test_a_time_in_its_many_forms(written: object, expected: str, assumed: bool) -> None:
    assert moment(written) == (at(expected), assumed)


def test_a_time_without_a_zone_is_one_of_the_feeds_zone() -> None:
    assert moment("2026-07-25T17:30:00", "Europe/Berlin") == (at("2026-07-25T15:30:00"), True)
    assert moment("2026-11-25T17:30:00", "Europe/Berlin") == (at("2026-11-25T16:30:00"), True)


@pytest.mark.parametrize(
    "written",
    [
        "", "gestern", "2026-13-01T00:00:00Z", "2026-02-30", "2026-11-21T25:00:00Z", "2026-11-21T19:05:11+25:00",
        True, None, [], {}, 1e300, float("nan"), float("inf"), "٢٠٢٦-١١-٢١T١٩:٠٥:١١Z", "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00", "17637528001763752800", -(10**18), 10**400,
    ],
    ids=repr,
)  # fmt: skip
def test_what_is_no_time(written: object) -> None:
    with pytest.raises(ValueError, match=r"time|zone|month|day|hour"):
        moment(written)


def test_an_interval_has_a_beginning_and_an_end_each_with_its_own_zone() -> None:
    assert interval("2020-07-01T07:01:00/2020-07-01T07:10:00.00Z") == (
        at("2020-07-01T07:01:00"),
        at("2020-07-01T07:10:00"),
        True,
    )
    assert interval("2020-07-01T07:10:00Z") == (at("2020-07-01T07:10:00"), at("2020-07-01T07:10:00"), False)


@given(st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1)), st.integers(-14 * 60, 14 * 60))  # noqa: DTZ001
def test_what_python_writes_is_read_back(naive: datetime, offset_min: int) -> None:
    sign, minutes = "-" if offset_min < 0 else "+", abs(offset_min)
    written = f"{naive.isoformat()}{sign}{minutes // 60:02d}{minutes % 60:02d}"
    assert moment(written) == (naive.replace(tzinfo=UTC) - timedelta(minutes=offset_min), False)


@given(st.text(max_size=40) | st.floats() | st.integers())
def test_a_time_is_read_or_a_value_error(written: object) -> None:
    try:
        found, _ = moment(written)
    except ValueError:
        return
    assert found.tzinfo is UTC


def read(reader: Any, value: Any) -> Any:
    """What a reader makes of a value."""
    return reader(value, Reading(context(), set()))


@pytest.mark.parametrize(
    ("reader", "value", "expected"),
    [
        (number, "16.4", 16.4),
        (number, " 16,4 ", 16.4),
        (number, "", None),
        (number, None, None),
        (number, 3, 3.0),
        (number, "-1e3", -1000.0),
        (count, "12", 12),
        (count, 12.0, 12),
        (kmh, 3.6, 1.0),
        (kmh, "5", 1.388889),
        (degrees, 360, 0.0),
        (degrees, -90, 270.0),
        (flag, "false", False),
        (flag, "TRUE", True),
        (flag, 0, False),
        (flag, "1", True),
        (flag, None, None),
        (flag, " ", None),
        (text, 7, "7"),
        (text, True, "true"),
        (text, "  ", None),
        (words, "sensor", ("sensor",)),
        (words, ["a", 1, None, " "], ("a", "1")),
        (words, None, ()),
        (url, "https://example.com/x", "https://example.com/x"),
        (choice("OPEN", "CLOSE"), "open\u200b ", "OPEN"),
        (choice("OPEN", "CLOSE"), "ajar", "unknown"),
        (choice("Severe", unknown="Unknown"), "Unknown ", "Unknown"),
    ],
)
def test_a_value_as_the_field_writes_it(reader: Any, value: Any, expected: Any) -> None:
    assert read(reader, value) == expected


@pytest.mark.parametrize(
    ("reader", "value"),
    [
        (number, "drei"),
        (number, True),
        (number, [1]),
        (number, "1_000"),
        (number, "1e999"),
        (number, "nan"),
        (number, "٣"),
        (count, -1),
        (count, 2.5),
        (kmh, -5),
        (flag, "vielleicht"),
        (flag, 2),
        (text, {"a": 1}),
        (text, "x" * 8_001),
        (words, [["a"]]),
        (words, ["a"] * 501),
        (url, "javascript:alert(1)"),
        (url, "data:text/html,x"),
        (url, "/etc/passwd"),
        (url, "https://"),
        (url, "http://[::1"),
    ],
)
def test_a_value_that_cannot_be_one(reader: Any, value: Any) -> None:
    with pytest.raises(Bad):
        read(reader, value)


def test_a_geometry_keeps_its_kind_order_and_heights() -> None:
    given_shape = {"type": "LineString", "coordinates": [[8, 51, 1.5], ["8.1", "51.1"]], "crs": "x", "bbox": []}
    assert geojson(given_shape, 10) == {"type": "LineString", "coordinates": [[8.0, 51.0, 1.5], [8.1, 51.1]]}


@pytest.mark.parametrize(
    "empty", [None, {}, [], {"type": "Polygon", "coordinates": []}, {"type": "Polygon", "coordinates": [[]]}]
)
def test_an_empty_geometry_is_none(empty: Any) -> None:
    assert geojson(empty, 10) is None


def test_an_open_ring_is_closed() -> None:
    ring = [[8.0, 51.0], [8.1, 51.0], [8.1, 51.1]]
    assert geojson({"type": "Polygon", "coordinates": [ring]}, 10) == {
        "type": "Polygon",
        "coordinates": [[*ring, ring[0]]],
    }


@pytest.mark.parametrize(
    "bad",
    [
        17,
        {"type": "Point"} | {"coordinates": [8]},
        {"type": "Point", "coordinates": [8, 51, 1, 2, 3]},
        {"type": "Point", "coordinates": [181, 51]},
        {"type": "Point", "coordinates": [8, -90.1]},
        {"type": "Point", "coordinates": [8, None]},
        {"type": "Point", "coordinates": [8, "Nan"]},
        {"type": "Point", "coordinates": [8, "Infinity"]},
        {"type": "Point", "coordinates": [True, False]},
        {"type": "Point", "coordinates": [10**400, 51]},
        {"type": "Point", "coordinates": [8, 51, 1e9]},
        {"type": "Point", "coordinates": {"lon": 8, "lat": 51}},
        {"type": "LineString", "coordinates": [[8, 51]]},
        {"type": "Polygon", "coordinates": [[[8, 51], [8.1, 51], [8, 51]]]},
        {"type": "Polygon", "coordinates": [[8, 51], [8.1, 51], [8.1, 51.1], [8, 51]]},
        {"type": "Polygon", "coordinates": [[[8, 51], [8.1, 51], [8.1, 51.1], [8, 51]], []]},
        {"type": "MultiPoint", "coordinates": [[8, 51]] * 11},
        {"type": "Circle", "coordinates": [8, 51]},
        {"type": "GeometryCollection", "geometries": []},
        {"type": ["Point"], "coordinates": [8, 51]},
    ],
    ids=repr,
)
def test_a_geometry_that_cannot_be_drawn(bad: Any) -> None:
    with pytest.raises(BadGeometry):
        geojson(bad, 10)


def test_zero_zero_is_no_position() -> None:
    with pytest.raises(NoPosition):
        geojson({"type": "Point", "coordinates": [0.0, 0]}, 10)
    assert geojson({"type": "Point", "coordinates": [0.0, 51]}, 10) == {"type": "Point", "coordinates": [0.0, 51.0]}


def test_cap_writes_latitude_first() -> None:
    assert cap_polygon("51,8 51,8.1 51.1,8.1 51,8", 10) == {
        "type": "Polygon",
        "coordinates": [[[8.0, 51.0], [8.1, 51.0], [8.1, 51.1], [8.0, 51.0]]],
    }
    assert cap_polygon("  ", 10) is None


def test_a_cap_circle_is_a_polygon_of_that_radius() -> None:
    circle = cap_circle("51.83,8.78 1.5")
    assert circle is not None
    ring = circle["coordinates"][0]
    assert ring[0] == ring[-1]
    assert len(ring) == 33
    north = max(lat for _, lat in ring)
    assert (north - 51.83) * 111_195 == pytest.approx(1500, abs=1)
    assert cap_circle("51.83,8.78 0") == {"type": "Point", "coordinates": [8.78, 51.83]}


@pytest.mark.parametrize("bad", ["51.83,8.78", "a,b c", "91,8 1", "51,8 -1000000"])
def test_a_cap_circle_that_is_none(bad: str) -> None:
    with pytest.raises(BadGeometry):
        cap_circle(bad)


@pytest.mark.parametrize(
    ("body", "exceeds"),
    [
        (b"[[[]]]", False),
        (b"[[[[]]]]", True),
        (b'["[[[[[["]', False),
        (b'["\\"[[[["]', False),
        (b'["\\\\", [[[', True),
        (b'"' + b'\\"' * 200_000 + b"[" * 10, False),
        (b"]" * 10 + b"[[[", False),
        (b"[]" * 100_000, False),
        (b"\\", False),
        (b'"\\', False),
    ],
)
def test_depth_is_counted_outside_of_strings(body: bytes, exceeds: bool) -> None:
    assert depth_exceeds(body, 3) is exceeds


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"[" * 33 + b"]" * 33, "invalid"),
        (b" " * 2_000_000, "too_large"),
        (b'{"a": NaN}', "malformed"),
        (b'{"a": Infinity}', "malformed"),
        (b'{"a": 1e999}', "malformed"),
        (b'{"a": "\xff"}', "malformed"),
        (b'{"a": "\\ud800"}', "malformed"),
        (b'{"a": 1', "malformed"),
    ],
)
def test_what_is_not_let_in_as_json(body: bytes, kind: str) -> None:
    with pytest.raises(DecodeError) as caught:
        load(body, Limits())
    assert caught.value.kind == kind


def test_a_byte_order_mark_is_no_reason_to_refuse() -> None:
    assert load(b"\xef\xbb\xbf[1]", Limits()) == [1]
