"""TetraControl live.json. The frames are in fixtures/frames/tetracontrol."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET

from layers.content import Address, Device
from layers.observation import Sensitivity
from server.feeds import DecodeError
from server.feeds._positions import in_text
from server.feeds.tetracontrol.callout import Remark, remark
from server.feeds.tetracontrol.decode import NAME
from tests.feeds.dispatch_tools import cleaned_says_the_same, decoded, mission, notes, of, reasons, units
from tests.feeds.frames import FRAMES, yielded

TS = 1795284311000
AT = datetime(2026, 11, 21, 18, 5, 11, tzinfo=UTC)


def message(kind: str = "sds", **more: Any) -> dict[str, Any]:
    return {"type": kind, "srcSSI": "1234567", "srcName": "HLF", "ts": f"/Date({TS})/", **more}


def test_the_sender_is_the_source_not_the_receiving_radio() -> None:
    found = yielded(FRAMES / NAME / "units.jsonl")
    assert found.observations[0].subject == "tetracontrol:unit:1234567"
    assert units(found)[0].call_sign == "NW FW PT 01 HLF20 1"
    assumed = of(found, "unit:77")[0]
    assert "sender_assumed" in assumed.flags
    assert "a message without a sender" in reasons(found)


@pytest.mark.parametrize("status", range(10))
def test_every_status_is_a_digit_or_its_network_code(status: int) -> None:
    by_digit = decoded(NAME, message("status", status=str(status)))
    by_code = decoded(NAME, message("status", status="", statusCode=f"{0x8002 + status:04X}"))
    assert [unit.fms_status for unit in units(by_digit) + units(by_code)] == [status, status]


@pytest.mark.parametrize(
    "code", [{"status": "10"}, {"status": "x"}, {"statusCode": "8001"}, {"statusCode": "800C"}, {}]
)
def test_an_unknown_status_leaves_the_unit_as_it_was(code: dict[str, str]) -> None:
    found = decoded(NAME, message("status", **code))
    assert [unit.fms_status for unit in units(found)] == [UNSET]
    assert reasons(found)[0].startswith("unknown status")


def test_statuses_can_be_left_out() -> None:
    options = {"ignored_statuses": [0, 5, 9]}
    left = [
        status
        for status in range(10)
        if decoded(NAME, message("status", status=str(status)), options=options).observations
    ]
    assert left == [1, 2, 3, 4, 6, 7, 8]


def test_no_fix_at_nought_nought_is_no_position() -> None:
    assert decoded(NAME, message("pos", Lat=0.0, Lon=0.0, FixQual=0)).observations[0].flags == ("no_position",)
    here = decoded(NAME, message("pos", Lat=51.83, Lon=8.78, FixQual=1)).observations[0]
    assert (here.geometry, here.flags) == ({"type": "Point", "coordinates": [8.78, 51.83]}, ())
    assert decoded(NAME, message("pos", Lat=51.83, Lon=8.78, FixQual=0)).observations[0].flags == ("no_fix",)
    assert decoded(NAME, message("pos", Lat=95, Lon=8.78)).observations[0].geometry is UNSET


def test_a_sirens_status_is_a_device() -> None:
    options = {"siren_states": {"E003": "ERROR"}}
    (observation,) = decoded(NAME, message("status", statusCode="e003"), options=options).observations
    assert isinstance(observation.content, Device)
    assert (observation.content.value, observation.content.state) == ("E003", "ERROR")
    assert observation.subject == "tetracontrol:siren:1234567"


@pytest.mark.parametrize(
    ("written", "at"),
    [
        (f"/Date({TS})/", AT),
        (f"/Date({TS}+0100)/", AT),
        (f"\\/Date({TS})\\/", AT),
        (TS, AT),
        ("2026-11-21T19:05:11+01:00", AT),
    ],
)
def test_times_are_milliseconds_utc(written: Any, at: datetime) -> None:
    assert decoded(NAME, message("pos", ts=written)).observations[0].observed_at == at


@pytest.mark.parametrize("written", ["/Date(x)/", "/Date(999999999999999)/", "gestern"])
def test_a_time_that_is_none_costs_the_time_alone(written: str) -> None:
    found = decoded(NAME, message("pos", ts=written))
    assert "time_assumed" in found.observations[0].flags
    assert reasons(found)[0].startswith("ts: ")


@pytest.mark.parametrize(
    ("written", "parts"),
    [
        ("-1;5;124;&21&22&25&40", Remark("-1", "5", "124", "&21&22&25&40")),
        ("-1;1;124;", Remark("-1", "1", "124", "")),
        ("3;-1;124;57345", Remark("3", "-1", "124", "57345")),
        ("5;-1;0;15", Remark("5", "-1", "0", "15")),
        ("-1;1", Remark("-1", "1")),
        ("", Remark()),
        ("a;b;c;d;e", Remark("a", "b", "c", "d;e")),
    ],
)
def test_a_remark_has_up_to_four_parts(written: str, parts: Remark) -> None:
    assert remark(written) == parts


def test_a_callout_becomes_a_mission_by_its_day_and_reference() -> None:
    found = decoded(NAME, message(remark="-1;5;124;&21&22", text="&21&22F BMA - Haus Heideblick", destSSI="499"))
    (observation,) = found.observations
    assert observation.subject == "tetracontrol:2026-11-21-124"
    content = mission(found)
    assert (content.keyword, content.category, content.description) == ("F BMA", "fire", "Haus Heideblick")
    assert observation.extra == {
        "severity": "5",
        "callout_reference": "124",
        "subaddresses": ["&21", "&22"],
        "destSSI": "499",
    }


def test_sub_addresses_come_from_the_text_where_the_remark_is_short() -> None:
    (observation,) = decoded(NAME, message("callout", remark="-1;5", text="&21&22&25&40F BMA - X")).observations
    assert observation.extra["subaddresses"] == ["&21", "&22", "&25", "&40"]
    assert "id_assumed" in observation.flags


def test_the_day_of_a_callout_is_the_local_one() -> None:
    late = int(datetime(2026, 11, 20, 23, 30, tzinfo=UTC).timestamp() * 1000)
    found = decoded(NAME, message(remark="-1;5;124;", text="X", ts=f"/Date({late})/"))
    assert found.observations[0].subject == "tetracontrol:2026-11-21-124"


@pytest.mark.parametrize(("after_s", "number"), [(0, 1), (1, 1), (180, 1), (181, 2), (600, 2)])
def test_the_same_callout_within_three_minutes_is_a_repeat(after_s: int, number: int) -> None:
    later = TS + after_s * 1000
    body = [message(remark="-1;5;124;", text="F1", ts=f"/Date({ts})/") for ts in (TS, later)]
    assert len(decoded(NAME, body).observations) == number
    changed = [message(remark="-1;5;124;", text=text, ts=f"/Date({ts})/") for text, ts in (("F1", TS), ("F2", later))]
    assert len(decoded(NAME, changed).observations) == 2


def test_a_repeat_in_a_message_of_its_own_is_the_same_claim() -> None:
    start = TS - TS % 180_000
    first = decoded(NAME, message(remark="-1;5;124;", text="F1", ts=f"/Date({start})/")).observations[0]
    again = decoded(NAME, message(remark="-1;5;124;", text="F1", ts=f"/Date({start + 90_000})/")).observations[0]
    assert first.id == again.id


LINES = "Nummer: 1234\r\nStichwort: H1\r\nMeldebild: Test\r\nStrasse: Teststr.\r\nHnr: 1\r\nPLZ: 12345\r\nOrt: Ort\r\n"


def test_a_callout_in_lines() -> None:
    found = decoded(NAME, message(text=LINES + "Ortsteil: Mitte\r\nHinweis: Hof\r\nRIC: R1\r\nAchtung: Hund"))
    content = mission(found)
    assert found.observations[0].subject == "tetracontrol:1234"
    assert (content.number, content.keyword, content.category) == ("1234", "H1", "technical")
    assert content.address == Address(street="Teststr. 1", postcode="12345", city="Ort")
    assert content.location_detail == "Mitte, Hof"
    assert content.description == "Test\nAchtung: Hund"
    assert found.observations[0].extra["ric"] == "R1"


def test_patterns_are_settings() -> None:
    options = {"patterns": {"keyword": r"^Einsatz=(.*)$", "city": r"^in (\w+)$", "number": ""}}
    content = mission(decoded(NAME, message(text="Einsatz=F2\nin Padertopia\nNummer: 5"), options=options))
    assert (content.keyword, content.number, content.description) == ("F2", UNSET, "Nummer: 5")
    with pytest.raises(DecodeError, match="no pattern"):
        decoded(NAME, message(text=LINES), options={"patterns": {"keyword": "("}})


def test_a_keyword_by_severity_is_a_setting() -> None:
    body = message(remark="-1;8;1;", text="Alarm")
    assert mission(decoded(NAME, body)).keyword is UNSET
    content = mission(decoded(NAME, body, options={"severities": {"8": "Feuer normal"}}))
    assert (content.keyword, content.category) == ("Feuer normal", "fire")


@pytest.mark.parametrize(
    ("code", "answer"),
    [("57345", "coming"), ("57344", "not_coming"), ("1", "unknown"), ("", "unknown"), ("x", "unknown")],
)
def test_the_answer_of_a_pager(code: str, answer: str) -> None:
    found = decoded(NAME, message(remark=f"3;-1;124;{code}"))
    (note,) = notes(found)
    assert (note.message_type, note.mission) == ("RESPONSE", "tetracontrol:2026-11-21-124")
    assert note.parameters is not UNSET
    assert note.parameters["answer"] == answer
    assert found.observations[0].sensitivity == Sensitivity.PERSONAL


def test_the_codes_of_a_fire_brigade_are_settings() -> None:
    body = message(remark="3;-1;124;7")
    (note,) = notes(decoded(NAME, body, options={"coming": [7]}))
    assert note.parameters is not UNSET
    assert note.parameters["answer"] == "coming"
    (note,) = notes(decoded(NAME, message(remark="5;-1;0;0")))
    assert note.parameters is not UNSET
    assert note.parameters["answer"] == "not_available"


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("&21&22$2000", "population_warning"),
        ("&21$2001", "all_clear"),
        ("&21$2002 Probe", "fire_alarm"),
        ("$2003", "test"),
        ("&21$2999", "unknown"),
    ],
)
def test_a_siren_alarm_is_a_line_of_the_log(text: str, meaning: str) -> None:
    (note,) = notes(decoded(NAME, message(text=text, destName="Sirene")))
    assert note.parameters is not UNSET
    assert (note.message_type, note.parameters["meaning"], note.receiver) == ("SIREN", meaning, "Sirene")


@pytest.mark.parametrize(
    ("text", "position", "rest"),
    [
        ("#K01;N50547537E09663352;", (9.663352, 50.547537), ""),
        ("#K01;S50547537W09663352;X", (-9.663352, -50.547537), "X"),
        ("Anfahrt #MKX=8,48799940Y=49,75497607# über B1", (8.4879994, 49.75497607), "Anfahrt über B1"),
        ("N052°58.37 E008°23.69", (8.3948333, 52.9728333), ""),
        ("hier N 52° 58,37' E 8° 23,69' Tor 3", (8.3948333, 52.9728333), "hier Tor 3"),
    ],
)
def test_positions_in_texts(text: str, position: tuple[float, float], rest: str) -> None:
    found = in_text(text)
    assert found is not None
    assert found[:2] == pytest.approx(position, abs=1e-9)
    assert found[2] == rest


@given(st.text(alphabet="#K01;NSEWMXY=,.°' 0123456789", max_size=60))
def test_any_text_may_hold_a_position(text: str) -> None:
    found = in_text(text)
    assert found is None or len(found[2]) < len(text)


def test_the_example_of_the_convention() -> None:
    text = "#K01;N52518594E13376282;B BMA||Ausgelöster Rauchwarnmelder||Platz d. Republik 1||10557 Berlin"
    found = decoded(NAME, message("callout", remark="-1;5;1;", text=text))
    content = mission(found)
    assert found.observations[0].geometry == {"type": "Point", "coordinates": [13.376282, 52.518594]}
    assert (content.keyword, content.description) == ("B BMA", "Ausgelöster Rauchwarnmelder")
    assert content.address == Address(street="Platz d. Republik 1", postcode="10557", city="Berlin")


def test_no_number_of_a_caller_is_kept() -> None:
    body = (FRAMES / NAME / "messages.json").read_bytes()
    cleaned_says_the_same(NAME, body, "05251 654321")


@pytest.mark.parametrize(
    "nothing",
    [
        message("radio"),
        message("devupd", text="x"),
        message(text="Gesendet: &21F BMA", remark="-1;5;124;"),
        message(text=""),
        message(text="  ", remark=";;;"),
    ],
)
def test_what_says_nothing(nothing: dict[str, Any]) -> None:
    found = decoded(NAME, nothing)
    assert (found.observations, found.refused) == ((), ())


@pytest.mark.parametrize(
    "refused", [{}, [5], {"type": "x"}, {"type": "status"}, {"type": "pos", "srcSSI": "0"}, {"type": 5}]
)
def test_what_is_refused(refused: Any) -> None:
    found = decoded(NAME, refused)
    assert found.observations == ()
    assert found.refused


@given(
    st.text(max_size=80),
    st.text(alphabet="-;&0123456789ab", max_size=30),
    st.sampled_from(["sds", "callout", "status"]),
)
def test_any_words_and_remark(text: str, written: str, kind: str) -> None:
    decoded(NAME, json.dumps(message(kind, text=text, remark=written, status=text, statusCode=written)).encode())


def test_a_day_of_statuses_is_read_in_order() -> None:
    body = "\r\n".join(json.dumps(message("status", status=str(n % 10), ts=f"/Date({TS + n})/")) for n in range(500))
    found = decoded(NAME, body.encode())
    assert len(found.observations) == 500
    assert found.observations[-1].observed_at == AT + timedelta(milliseconds=499)
