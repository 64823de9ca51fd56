"""BOSWatch, multimon-ng and bare FMS lines. The frames are in fixtures/frames/boswatch."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET

from layers.content import Address
from server.feeds import DecodeError
from server.feeds._fms import Identity
from server.feeds.boswatch.decode import NAME
from server.feeds.boswatch.lines import python_dict
from tests.feeds.dispatch_tools import decoded, mission, notes, of, reasons, units
from tests.feeds.frames import FRAMES, RECEIVED, yielded

T = 1795284311.0


def fms(status: Any, direction: Any = "0", at: Any = T, **more: Any) -> dict[str, Any]:
    return {"mode": "fms", "fms": "69371412", "status": status, "direction": direction, "timestamp": at, **more}


def page(message: str, ric: str = "1234567", sub: str = "a", at: float = T) -> dict[str, Any]:
    return {"mode": "pocsag", "ric": ric, "subricText": sub, "message": message, "timestamp": at}


def test_a_telegram_says_who_and_what() -> None:
    found = yielded(FRAMES / NAME / "packets.json")
    first = found.observations[0]
    assert first.subject == "boswatch:unit:69371412"
    assert units(found)[0].fms_status == 3
    assert units(found)[0].categories == ("fire_brigade",)
    assert first.extra == {
        "state": "Nordrhein-Westfalen",
        "place": "37",
        "vehicle": "1412",
        "status": "3",
        "tacticalInfo": "I",
        "serverName": "BW-Server",
        "clientName": "BW-Client",
        "frequency": "85.235M",
        "inputSource": "sdr",
    }


@pytest.mark.parametrize(
    ("digits", "service", "state"),
    [
        ("69371412", "fire_brigade", "Nordrhein-Westfalen"),
        ("d9370701", "rescue_service", "Nordrhein-Westfalen"),
        ("93257141", "drk", "Bayern"),
        ("6e100001", "fire_brigade", "Mecklenburg-Vorpommern"),
        ("6e500001", "fire_brigade", "Sachsen-Anhalt"),
        ("7f490001", "thw", "Brandenburg"),
        ("7f990001", "thw", "Thüringen"),
        ("6fab0001", "fire_brigade", None),
        ("01000000", None, "Bund"),
    ],
)
def test_the_first_digits_are_service_and_state(digits: str, service: str | None, state: str | None) -> None:
    assert (Identity(digits).service, Identity(digits).state) == (service, state)


@pytest.mark.parametrize("status", range(10))
def test_every_status_of_a_vehicle(status: int) -> None:
    assert [unit.fms_status for unit in units(decoded(NAME, fms(str(status))))] == [status]
    assert [unit.fms_status for unit in units(decoded(NAME, {"mode": "fms", "fms": f"69371412{status}0"}))] == [status]
    assert [unit.fms_status for unit in units(decoded(NAME, f"69371412 {status}".encode()))] == [status]


@pytest.mark.parametrize("code", ["e", "f", "E", "F"])
def test_acknowledgement_and_push_to_talk_are_no_status(code: str) -> None:
    found = decoded(NAME, fms(code))
    assert (found.observations, found.refused) == ((), ())


@pytest.mark.parametrize("code", ["a", "b", "10", "", "²"])
def test_an_unknown_status_leaves_the_unit_as_it_was(code: str) -> None:
    found = decoded(NAME, fms(code))
    assert [unit.fms_status for unit in units(found)] == [UNSET]
    assert reasons(found)[0].startswith("unknown status")


@pytest.mark.parametrize(
    ("code", "said"),
    [("J", "Sprechaufforderung"), ("h", "Fahren Sie Wache an"), ("E", "Einrücken / Abbruch"), ("o", "o")],
)
def test_what_the_control_room_says_is_no_status(code: str, said: str) -> None:
    found = decoded(NAME, fms(code, "1"))
    assert units(found) == []
    (note,) = notes(found)
    assert (note.text, note.receiver, note.origin) == (said, "boswatch:unit:69371412", "control")


@pytest.mark.parametrize(("after_s", "number"), [(0, 1), (1.5, 1), (2.0, 1), (2.5, 2), (60, 2)])
def test_a_telegram_that_comes_again_within_two_seconds_is_one(after_s: float, number: int) -> None:
    found = decoded(NAME, [fms("3"), fms("3", at=T + after_s)])
    assert len(found.observations) == number
    assert len(decoded(NAME, [fms("3"), fms("4", at=T + after_s)]).observations) == 2
    assert len(decoded(NAME, [fms("3"), fms("3", "1", at=T + after_s)]).observations) == 2


def test_lines_without_a_time_keep_their_order() -> None:
    found = decoded(NAME, b"69371412 3\n69371412 4\n69371412 4\n69371412 3\n69371413 3\n")
    assert [unit.fms_status for unit in units(found)] == [3, 4, 3, 3]
    mine = of(found, "unit:69371412")
    assert mine[0].observed_at == RECEIVED
    assert [each.observed_at for each in mine] == sorted({each.observed_at for each in mine})


def test_call_signs_are_settings() -> None:
    (unit,) = units(decoded(NAME, fms("3"), options={"call_signs": {"69371412": "Florian Padertopia 1 HLF20 1"}}))
    assert (unit.name, unit.call_sign) == ("Florian Padertopia 1 HLF20 1", "Florian Padertopia 1 HLF20 1")
    (unit,) = units(decoded(NAME, fms("3")))
    assert (unit.name, unit.call_sign) == ("69371412", UNSET)


def test_a_page_with_words_is_an_alarm() -> None:
    found = decoded(NAME, page("F2Y*Rauch*Birkenweg 7"))
    content = mission(found)
    assert (content.keyword, content.category, content.description) == ("F2Y", "fire", "Rauch\nBirkenweg 7")
    assert found.observations[0].extra == {"alerted 1234567A": "1234567A"}


def test_one_alarm_to_several_loops_is_one_mission() -> None:
    found = decoded(
        NAME, [page("F2*Rauch"), page("F2*Rauch", ric="42", sub="b", at=T + 3)], options={"loops": {"0000042B": "LZ 2"}}
    )
    one, other = found.observations
    assert one.subject == other.subject
    assert other.extra == {"alerted 0000042B": "LZ 2"}


def test_the_fields_of_a_page_are_settings() -> None:
    options = {"separator": "#", "fields": ["number", "keyword", "", "street", "postcode", "city", "description"]}
    found = decoded(NAME, page("4711#TH 1#intern#Heideweg#33999#Padertopia#Baum#quer"), options=options)
    content = mission(found)
    assert found.observations[0].subject == "boswatch:4711"
    assert (content.number, content.keyword, content.category) == ("4711", "TH 1", "technical")
    assert content.address == Address(street="Heideweg", postcode="33999", city="Padertopia")
    assert content.description == "Baum\nquer"
    with pytest.raises(DecodeError, match="fields"):
        decoded(NAME, page("x"), options={"fields": ["farbe"]})


def test_a_page_without_dividers_is_its_words() -> None:
    content = mission(decoded(NAME, page("Feuer 2 Birkenweg <EOT>")))
    assert (content.keyword, content.category, content.description) == (UNSET, "fire", "Feuer 2 Birkenweg")


def test_a_page_without_words_is_a_call() -> None:
    (note,) = notes(decoded(NAME, page("<NUL>", ric="42", sub="d"), options={"loops": {"0000042D": "Führung"}}))
    assert (note.text, note.message_type, note.parameters) == ("Führung", "PAGER", {"ric": "0000042D"})


@pytest.mark.parametrize(
    ("tone", "tones"), [("12345", "12345"), ("6E789", "66789"), ("2E87E", "22877"), ("1E1E1", "11111")]
)
def test_e_repeats_the_tone_before_it(tone: str, tones: str) -> None:
    (note,) = notes(decoded(NAME, {"mode": "zvei", "tone": tone}))
    assert note.parameters == {"tone": tones}


@pytest.mark.parametrize("tone", ["E1234", "1234", "123456", "1234A", ""])
def test_what_is_no_five_tone_call(tone: str) -> None:
    assert reasons(decoded(NAME, {"mode": "zvei", "tone": tone})) == ["no five-tone call"]


def test_the_lines_of_multimon() -> None:
    found = yielded(FRAMES / NAME / "receiver.log")
    assert [each.subject for each in found.observations] == [
        "boswatch:unit:69371412",
        of(found, found.observations[1].subject)[0].subject,
        "boswatch:unit:93257141",
        found.observations[3].subject,
        "boswatch:ric:1000003D",
        "boswatch:zvei:12345",
        *["boswatch:unit:69371413"] * 3,
        "boswatch:unit:69371414",
        "boswatch:unit:d9370701",
    ]
    assert mission(found).keyword == "TH 1"
    assert found.observations[3].observed_at == datetime(2026, 11, 21, 18, 6, 30, tzinfo=UTC)
    assert len(found.refused) == 2


def test_a_broken_checksum_says_nothing() -> None:
    line = "FMS: 43f314170000 (9=Rotkreuz  3=Bayern 1  Ort 0x25=037FZG  7141Status  4=am Ort  0=FZG->LST 2=I  (x)) CRC "
    assert len(decoded(NAME, (line + "correct").encode()).observations) == 1
    with pytest.raises(DecodeError):
        decoded(NAME, (line + "incorrect").encode())


def test_pagers_know_no_unicode() -> None:
    body = "POCSAG1200: Address: 1234567  Function: 0  Alpha:   B2*Küche".encode("latin-1")
    assert mission(decoded(NAME, body)).description == "Küche"


json_values = st.none() | st.booleans() | st.integers(-(10**12), 10**12) | st.text(max_size=20) | st.floats(-1e9, 1e9)


@given(st.dictionaries(st.text(max_size=10), json_values, max_size=6))
def test_the_text_of_a_python_dict_is_read_as_python_wrote_it(packet: dict[str, Any]) -> None:
    assert python_dict(repr(packet)) == packet


@given(st.text(alphabet="{}'\":,\\xu0aN ", max_size=60))
def test_any_text_may_look_like_a_dict(text: str) -> None:
    python_dict("{" + text)


def test_a_packet_may_come_with_its_length_or_as_json() -> None:
    plain = decoded(NAME, fms("3"))
    text = repr(fms("3"))
    for body in (
        text,
        f"{len(text):<10}{text}",
        f"{len(text)}{text}\n",
        json.dumps([fms("3")]),
        json.dumps(fms("3"), indent=1),
    ):
        assert decoded(NAME, body.encode()).observations == plain.observations


@pytest.mark.parametrize("body", [b"<keep-alive>", b"<keep-alive>\r\n\r\n[ack-]\n"])
def test_a_sign_of_life_says_nothing(body: bytes) -> None:
    found = decoded(NAME, body)
    assert (found.observations, found.refused) == ((), ())


@pytest.mark.parametrize(
    "packet", [{}, {"mode": "lora"}, {"mode": "fms"}, {"mode": "pocsag"}, {"mode": "msg"}, {"fms": "6937"}, [5]]
)
def test_what_must_yield_nothing(packet: Any) -> None:
    found = decoded(NAME, packet)
    assert found.observations == ()
    assert len(found.refused) == 1


@given(st.text(alphabet="FMSPOCAG: 0123456789abcdefZVEI=(->)\n", max_size=120))
def test_any_line(text: str) -> None:
    try:
        decoded(NAME, text.encode())
    except DecodeError as error:
        assert error.reason
