"""Scenario files: exact times, exact bytes, and every mistake named with its line."""

import base64
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixtures.library import scenario_names, scenario_path
from server.scenario import Scenario, ScenarioError, encode_line, read_header
from tests.situations.tools import STARTS_AT, header, small_lines


def written(folder: Path, *lines: Any) -> Path:
    path = folder / "s.jsonl"
    path.write_text("".join(line if isinstance(line, str) else json.dumps(line) + "\n" for line in lines))
    return path


def test_lines_are_received_at_exactly_their_time(tmp_path: Path) -> None:
    times = [0, 0.1, 0.3, 12.345678, 86_399.999999, 86_400 * 300 + 0.000001]
    lines = [{"at_s": at_s, "feed": "ngsi", "instance": "x", "body": {}} for at_s in times]
    scenario = Scenario(written(tmp_path, header(), *lines))
    received = [message.received_at for message in scenario.messages(0, len(scenario))]
    assert received == [STARTS_AT + timedelta(microseconds=round(at_s * 1e6)) for at_s in times]
    assert received[1] == STARTS_AT + timedelta(microseconds=100_000)
    assert received[5].microsecond == 1
    assert scenario.ends_at == STARTS_AT + timedelta(seconds=1200)


def test_a_start_in_another_zone_is_the_same_moment(tmp_path: Path) -> None:
    there = header() | {"starts_at": "2026-05-01T14:00:00+02:00"}
    scenario = Scenario(written(tmp_path, there, {"at_s": 1, "feed": "a", "instance": "b", "body": []}))
    assert scenario.starts_at == STARTS_AT
    assert scenario.messages(0, 1)[0].received_at.tzinfo is UTC


def test_bodies_come_as_a_sender_would_send_them(tmp_path: Path) -> None:
    raw = bytes(range(256))
    bodies: list[dict[str, Any]] = [
        {"body": {"a": [1, "ü"], "b": None}},
        {"body": "*T02;48#\r\n<&>ä"},
        {"body": "{not JSON"},
        {"body": ""},
        {"body_base64": base64.b64encode(raw).decode()},
        {"body": [1, 2]},
    ]
    lines = [{"at_s": 0, "feed": "f", "instance": "i", **body} for body in bodies]
    found = [message.body for message in Scenario(written(tmp_path, header(), *lines)).messages(0, 6)]
    assert found == ['{"a":[1,"ü"],"b":null}'.encode(), "*T02;48#\r\n<&>ä".encode(), b"{not JSON", b"", raw, b"[1,2]"]


def test_a_line_that_is_late_in_the_file_waits_for_the_ones_before_it(tmp_path: Path) -> None:
    lines: list[dict[str, Any]] = [{"at_s": at_s, "feed": "f", "instance": "i", "body": {}} for at_s in (5, 20, 10, 30)]
    scenario = Scenario(written(tmp_path, header(), *lines))
    assert [(scenario.due(index) - STARTS_AT).total_seconds() for index in range(4)] == [5, 20, 20, 30]
    assert scenario.messages(2, 3)[0].received_at == STARTS_AT + timedelta(seconds=10)
    assert scenario.first_due(STARTS_AT + timedelta(seconds=20)) == 1
    assert scenario.first_after(STARTS_AT + timedelta(seconds=20)) == 3
    assert scenario.first_due(STARTS_AT) == scenario.first_after(STARTS_AT) == 0
    assert scenario.first_due(STARTS_AT + timedelta(seconds=31)) == 4


GOOD = {"at_s": 1, "feed": "f", "instance": "i", "body": {}}


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ([], "line 1"),
        (["no JSON\n"], "line 1"),
        ([header() | {"version": 2}], "line 1"),
        ([header() | {"lagebild": "recipe"}], "line 1"),
        ([header() | {"starts_at": "2026-05-01T12:00:00"}], "line 1"),
        ([header() | {"name": "../etc/passwd"}], "line 1"),
        ([header(), GOOD, "\n", GOOD], "line 3"),
        ([header(), GOOD, GOOD | {"at_s": -1}], "line 3"),
        ([header(), GOOD | {"at_s": "1"}], "line 2"),
        ([header(), '{"at_s": NaN, "feed": "f", "instance": "i", "body": {}}\n'], "line 2"),
        ([header(), GOOD | {"at_s": 1e12}], "line 2"),
        ([header(), GOOD | {"feed": ""}], "line 2"),
        ([header(), GOOD | {"body": 5}], "line 2"),
        ([header(), GOOD | {"body_base64": "AA=="}], "line 2: a line has either"),
        ([header(), {"at_s": 1, "feed": "f", "instance": "i"}], "line 2: a line has either"),
        ([header(), {"at_s": 1, "feed": "f", "instance": "i", "body_base64": "***"}], "line 2: body_base64"),
        ([header(), json.dumps(GOOD)[:-5]], "line 2"),
    ],
)
def test_every_mistake_is_named_with_its_line(lines: list[Any], message: str, tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match=message):
        Scenario(written(tmp_path, *lines))


def test_limits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path, header(), GOOD, GOOD, GOOD)
    with monkeypatch.context() as patched, pytest.raises(ScenarioError, match="more than 2 lines"):
        patched.setattr("server.scenario.MAX_LINES", 2)
        Scenario(path)
    with monkeypatch.context() as patched, pytest.raises(ScenarioError, match="more than 100 bytes"):
        patched.setattr("server.scenario.MAX_BYTES", 100)
        Scenario(path)
    path = written(tmp_path, header(), GOOD, GOOD | {"body": "x" * 1000})
    with monkeypatch.context() as patched, pytest.raises(ScenarioError, match="line 3 is longer"):
        patched.setattr("server.scenario.MAX_LINE_BYTES", 500)
        Scenario(path)


@given(body=st.binary(max_size=200) | st.text(max_size=100).map(lambda text: text.encode("utf-8", "surrogatepass"))
       | st.recursive(st.none() | st.integers() | st.text(max_size=5), st.lists).map(lambda v: json.dumps(v).encode()),
       us=st.integers(0, 366 * 86_400 * 10**6))  # fmt: skip
def test_what_was_recorded_comes_back_to_the_byte(
    body: bytes, us: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("s")
    path = folder / "s.jsonl"
    path.write_bytes(json.dumps(header()).encode() + b"\n" + encode_line(us / 1e6, "f", "i", body))
    message = Scenario(path).messages(0, 1)[0]
    assert message.body == body
    assert message.received_at == STARTS_AT + timedelta(microseconds=us)


def test_the_written_scenarios_are_scenarios() -> None:
    assert {"hausbrand", "libori"} <= set(scenario_names())
    for name in scenario_names():
        scenario = Scenario(scenario_path(name))
        assert scenario.header == read_header(scenario_path(name))
        assert scenario.header.name == name
        assert scenario.due(len(scenario) - 1) <= scenario.ends_at


def test_only_an_index_is_held_in_memory(tmp_path: Path) -> None:
    lines = small_lines()
    scenario = Scenario(written(tmp_path, *lines))
    assert len(scenario) == len(lines) - 1
    assert scenario.messages(3, 5)[1].received_at == datetime(2026, 5, 1, 12, tzinfo=UTC) + timedelta(
        microseconds=round(lines[5]["at_s"] * 1e6)
    )
