"""SIA DC-09. The frames are in fixtures/frames/sia_dc09; the vectors here are the standard's own examples."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET, convert

from layers.content import Building, Device
from server.feeds import DecodeError, feeds
from server.feeds.sia_dc09 import Frame, SiaOptions, Telegram, ack, answer, build, crc16, decode, duh, nak, read, split
from server.feeds.sia_dc09.cipher import BadKey, decrypt, encrypt, key_of
from server.feeds.sia_dc09.codes import CID, contact_id, sia
from tests.feeds.dispatch_tools import decoded, reasons
from tests.feeds.frames import FRAMES, RECEIVED, context

NAME = "sia_dc09"
FIRE = b'\nCE110032"SIA-DCS"9876R579BDFL789ABC#12345A[#12345A|NFA129]\r'
CID_FIRE = b'\n87CD0037"ADM-CID"9876R579BDFL789ABC#12345A[#12345A|1110 00 129]\r'
KEY = "00112233445566778899aabbccddeeff"
NOW = datetime(2026, 11, 21, 19, 0, 10, tzinfo=UTC)


def telegram(body: bytes, **options: Any) -> Telegram:
    """The only frame of the body, read."""
    (frame,) = split(body)
    assert isinstance(frame, Frame)
    return read(frame, convert(options, SiaOptions))


def device(body: bytes, **options: Any) -> Device:
    """The only device of the body."""
    (content,) = (
        each.content for each in decoded(NAME, body, options=options).observations if isinstance(each.content, Device)
    )
    return content


def encrypted(clear: str, head: str = '"*SIA-DCS"0007L0#4712[') -> bytes:
    return build((head + encrypt(clear, key_of(KEY), "x7Kq")).encode())


def test_the_check_value_of_the_checksum() -> None:
    assert crc16(b"123456789") == 0xBB3D


@pytest.mark.parametrize("body", [FIRE, CID_FIRE])
def test_the_examples_of_the_standard(body: bytes) -> None:
    found = device(body)
    assert (found.measures, found.value, found.state) == (("fire",), True, "ALARM")
    (observation,) = decoded(NAME, body).observations
    assert observation.subject == "sia_dc09:12345A@789ABC:129:fire"
    assert (observation.extra["sequence"], observation.extra["receiver"]) == ("9876", "579BDF")
    assert (observation.extra["crc_ok"], observation.extra["length_ok"]) == (True, True)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (FIRE.replace(b"FA129", b"FA12"), "CRC CE11 stated, 7B4A computed; length 50 stated, 49 counted"),
        (FIRE.replace(b"0032", b"0033"), "length 51 stated, 50 counted"),
        (FIRE.replace(b"CE11", b"CE12"), "CRC CE12 stated, CE11 computed"),
    ],
)
def test_a_frame_that_was_damaged_on_its_way_is_no_alarm(body: bytes, reason: str) -> None:
    found = decoded(NAME, body)
    assert found.observations == ()
    assert reasons(found) == [reason]
    assert found.refused[0].subject == "sia_dc09:12345A@789ABC"
    assert answer(telegram(body), SiaOptions(), NOW) is None


@pytest.mark.parametrize(
    "body",
    [
        FIRE + b"\0",
        b"\0\0" + FIRE,
        FIRE[1:],
        FIRE[1:-1] + b"\r\n",
        b"\xef\xbb\xbf" + FIRE,
        b"\n\xce\x11" + FIRE[5:],
        FIRE.replace(b"CE11", b"ce11"),
    ],
)
def test_framing_as_panels_and_logs_have_it(body: bytes) -> None:
    assert device(body).measures == ("fire",)


@given(st.lists(st.sampled_from([FIRE, CID_FIRE, b"\0", b"\r\n", b" "]), max_size=6))
def test_several_frames_in_one_piece_are_all_found(parts: list[bytes]) -> None:
    found = [part for part in split(b"".join(parts)) if isinstance(part, Frame)]
    assert len(found) == sum(part in (FIRE, CID_FIRE) for part in parts)
    assert all(frame.fault is None for frame in found)


@given(st.binary(max_size=200).filter(lambda content: b"\r" not in content))
def test_whatever_is_framed_is_found_again(content: bytes) -> None:
    (frame, *_) = split(build(b'"' + content))
    assert isinstance(frame, Frame)
    assert (frame.content, frame.fault) == (b'"' + content, None)


def test_a_body_of_heads_alone_costs_no_more_than_its_length() -> None:
    body = b'\nAAAAFFFF"\r' * 20_000
    assert len([part for part in split(body) if isinstance(part, Frame)]) == 20_000


@pytest.mark.parametrize(
    "body",
    [b"LFQ=600#CRC=C98", b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01\x02\x00", b"\n\r", b'\nCE11"SIA-DCS"', b'{"a":"b"}'],
)
def test_another_protocol_on_the_same_port(body: bytes) -> None:
    with pytest.raises(DecodeError, match="no SIA DC-09 frame"):
        decode(body, context(NAME))


@pytest.mark.parametrize(
    ("data", "measure", "value", "state"),
    [
        ("1111 00 003", "smoke", True, "ALARM"),
        ("3111 00 003", "smoke", False, "OK"),
        ("6110 00 003", "fire", True, "ALARM"),
        ("E110 00 003", "fire", True, "ALARM"),
        ("111300003", "sprinkler", True, "ALARM"),
        ("1137 00 003", "tamper", True, "WARNING"),
        ("1151 00 003", "gas", True, "ALARM"),
        ("1162 00 003", "carbon_monoxide", True, "ALARM"),
        ("1155 00 003", "glass_break", True, "ALARM"),
        ("1302 00 000", "battery", True, "WARNING"),
        ("3302 00 000", "battery", False, "OK"),
        ("1373 00 003", "fire_trouble", True, "WARNING"),
        ("1602 00 000", "test", UNSET, "OK"),
        ("1119 00 003", "fire", True, "ALARM"),
        ("1406 00 003", "cancel", UNSET, "UNKNOWN"),
        ("1999 00 003", "unknown", UNSET, "UNKNOWN"),
    ],
)
def test_contact_id(data: str, measure: str, value: Any, state: str) -> None:
    found = device(build(f'"ADM-CID"0001L0#47[#47|{data}]'.encode()))
    assert (found.measures, found.value, found.state) == ((measure,), value, state)


@pytest.mark.parametrize(("qualifier", "value"), [("1", "OPEN"), ("3", "CLOSE")])
def test_opening_and_closing_by_a_user(qualifier: str, value: str) -> None:
    (observation,) = decoded(NAME, build(f'"ADM-CID"0068R0L0#AAA[#AAA|{qualifier}401 01 070]'.encode())).observations
    assert observation.subject == "sia_dc09:AAA:arming"
    assert isinstance(observation.content, Device)
    assert (observation.content.value, observation.content.state) == (value, UNSET)
    assert (observation.extra["zone"], observation.extra["area"]) == ("070", "01")


@pytest.mark.parametrize(
    ("code", "measure", "kind"),
    [
        ("FA", "fire", "alarm"),
        ("FH", "fire", "restore"),
        ("FT", "fire_trouble", "trouble"),
        ("FJ", "fire_trouble", "restore"),
        ("FX", "test", "test"),
        ("BA", "burglary", "alarm"),
        ("BV", "burglary", "alarm"),
        ("BR", "burglary", "restore"),
        ("GA", "gas", "alarm"),
        ("KA", "heat", "alarm"),
        ("WA", "water", "alarm"),
        ("SA", "sprinkler", "alarm"),
        ("PA", "panic", "alarm"),
        ("HA", "panic", "alarm"),
        ("MA", "medical", "alarm"),
        ("TA", "tamper", "alarm"),
        ("UT", "trouble", "trouble"),
        ("OP", "arming", "open"),
        ("CL", "arming", "close"),
        ("CI", "arming", "other"),
        ("OC", "cancel", "cancel"),
        ("RP", "test", "test"),
        ("YT", "battery", "trouble"),
        ("YR", "battery", "restore"),
        ("AT", "power", "trouble"),
        ("LR", "communication", "restore"),
        ("LB", "system", "other"),
        ("CM", "burglary", "alarm"),
        ("NL", "arming", "close"),
        ("DJ", "door", "trouble"),
        ("YE", "communication", "restore"),
        ("RO", "relay", "other"),
    ],
)
def test_codes_of_two_letters(code: str, measure: str, kind: str) -> None:
    found = sia(code)
    assert found is not None
    assert (found.measure, found.kind) == (measure, kind)
    assert found.text


@pytest.mark.parametrize("code", ["QQ", "", "A", "11", "ZQ", "CX", "OX"])
def test_codes_that_nobody_knows(code: str) -> None:
    assert sia(code) is None


def test_what_is_restored_is_what_was_in_alarm() -> None:
    for code in CID:
        alarm, restored = contact_id("1", code), contact_id("3", code)
        assert alarm is not None
        assert restored is not None
        assert alarm.measure == restored.measure


def test_local_time_of_the_event_and_utc_of_the_frame() -> None:
    data = "[#4711|Nri0000pi0006da10-25-18ti14:37:53UT0000^$PR,Zona1^]_12:37:59,10-25-2018"
    (observation,) = decoded(NAME, build(f'"SIA-DCS"0005L0#4711{data}'.encode())).observations
    assert observation.observed_at == datetime(2018, 10, 25, 12, 37, 53, tzinfo=UTC)
    assert observation.reported_at == datetime(2018, 10, 25, 12, 37, 59, tzinfo=UTC)
    assert observation.flags == ("tz_assumed",)
    assert observation.extra["modifiers"] == {"ri": "0000", "pi": "0006"}
    assert isinstance(observation.content, Device)
    assert observation.content.name == "$PR,Zona1"


def test_the_time_of_occurrence_comes_before_that_of_sending() -> None:
    body = build(b'"ADM-CID"0001L0#47[#47|1110 00 003][H18:59:58,11-21-2026]_19:00:05,11-21-2026')
    (observation,) = decoded(NAME, body).observations
    assert observation.observed_at == datetime(2026, 11, 21, 18, 59, 58, tzinfo=UTC)
    assert observation.reported_at == datetime(2026, 11, 21, 19, 0, 5, tzinfo=UTC)


def test_text_in_another_encoding_and_with_brackets() -> None:
    found = device(build('"SIA-DCS"0001L0#47[#47|NFA3^Küche [EG]^]'.encode("cp1252")))
    assert (found.name, found.state) == ("Küche [EG]", "ALARM")


def test_a_position_in_degrees_and_minutes() -> None:
    body = build(b'"ADM-CID"0001L0#47[#47|1110 00 003][X093W23.456][Y45N49.8252]')
    (observation,) = decoded(NAME, body).observations
    assert observation.geometry == {"type": "Point", "coordinates": [-93.3909333, 45.83042]}
    (nowhere,) = decoded(NAME, build(b'"ADM-CID"0001L0#47[#47|1110 00 003][X000E00.0][Y00N00.0]')).observations
    assert nowhere.geometry is UNSET


def test_an_account_of_the_table_with_consent_tells_its_building() -> None:
    account = {"name": "Heideblick", "street": "Birkenweg 7", "lon": 8.78125, "lat": 51.83042, "consent": True}
    options = {"accounts": {"012345A": {**account, "zones": {"129": "Küche"}}}}
    building, alarm = decoded(NAME, FIRE, options=options).observations
    assert isinstance(building.content, Building)
    assert (building.subject, building.content.permission) == ("sia_dc09:12345A@789ABC", "GRANTED")
    assert isinstance(alarm.content, Device)
    assert (alarm.content.building, alarm.content.name) == (building.subject, "Küche")
    assert alarm.geometry == building.geometry == {"type": "Point", "coordinates": [8.78125, 51.83042]}


def test_without_consent_no_building_is_told() -> None:
    account = {"name": "Heideblick", "lon": 8.78125, "lat": 51.83042}
    (alarm,) = decoded(NAME, FIRE, options={"accounts": {"12345A": account}}).observations
    assert isinstance(alarm.content, Device)
    assert alarm.content.building is UNSET
    assert alarm.geometry == {"type": "Point", "coordinates": [8.78125, 51.83042]}


def test_a_repeat_is_the_same_and_the_next_number_is_not() -> None:
    first, later = (
        [each.id for each in feeds()[NAME].decode(FIRE, context(NAME)).observations],
        [
            each.id
            for each in decode(
                FIRE, convert({"source": "sia_dc09/frame", "received_at": RECEIVED + timedelta(minutes=5)}, _Context())
            ).observations
        ],
    )
    assert first == later
    other = build(b'"SIA-DCS"9877R579BDFL789ABC#12345A[#12345A|NFA129]')
    assert [each.id for each in decoded(NAME, other).observations] != first


def _Context() -> Any:  # noqa: N802  (a type)
    from server.feeds import Context

    return Context


def test_an_encrypted_frame_without_its_key_names_its_account() -> None:
    body = encrypted("#4712|NFA1]_19:00:00,11-21-2026")
    found = decoded(NAME, body)
    assert found.observations == ()
    assert reasons(found) == ["encrypted frame of account 4712: no key is set for it"]
    assert found.refused[0].subject == "sia_dc09:4712"
    assert reasons(decoded(NAME, body, options={"key": "f" * 32})) == [
        "encrypted frame of account 4712: its key is another"
    ]
    assert answer(telegram(body), SiaOptions(), NOW) == nak(NOW)


@pytest.mark.parametrize("options", [{"key": KEY}, {"key": "f" * 32, "accounts": {"4712": {"key": KEY.upper()}}}])
def test_an_encrypted_frame_with_its_key(options: Any) -> None:
    body = encrypted("#4712|NFA1]_19:00:00,11-21-2026")
    assert device(body, **options).state == "ALARM"
    assert KEY not in repr(decoded(NAME, body, options=options))


def test_an_encrypted_frame_closed_with_a_bracket_again() -> None:
    digits = encrypt("#4712|NFA1]_19:00:00,11-21-2026", key_of(KEY), "x7Kq")
    found = decoded(NAME, build(f'"*SIA-DCS"0007L0#4712[{digits}]'.encode()), options={"key": KEY})
    assert len(found.observations) == 1
    assert not found.refused


def test_an_encrypted_link_test_without_a_bar() -> None:
    clear = "QxT9nR2mKp5w0aZcVbL]_19:00:00,11-21-2026"
    padded = clear.rjust(-(-len(clear) // 16) * 16, "k")
    body = build(f'"*NULL"0000L0#000[{_raw(padded)}'.encode())
    assert device(body, key=KEY).measures == ("supervision",)


def _raw(clear: str) -> str:
    from cryptography.hazmat.primitives.ciphers import Cipher
    from cryptography.hazmat.primitives.ciphers.algorithms import AES
    from cryptography.hazmat.primitives.ciphers.modes import CBC

    encryptor = Cipher(AES(key_of(KEY)), CBC(bytes(16))).encryptor()
    return (encryptor.update(clear.encode()) + encryptor.finalize()).hex()


@pytest.mark.parametrize("key", ["", "short", "g" * 33, "ä" * 16])
def test_a_key_that_is_none_is_an_error_of_the_settings_that_does_not_tell_it(key: str) -> None:
    with pytest.raises(BadKey):
        key_of(key)
    if key:
        with pytest.raises(DecodeError, match="settings") as caught:
            decode(encrypted("#4712|NFA1]_19:00:00,11-21-2026"), context(NAME, options={"key": key}))
        assert key not in caught.value.reason


@given(st.text(st.characters(codec="ascii", exclude_characters="|]["), max_size=60), st.sampled_from([32, 48, 64]))
def test_what_is_encrypted_is_read_again(text: str, digits: int) -> None:
    key = key_of((KEY * 2)[:digits])
    clear = f"{text}]_19:00:00,11-21-2026"
    assert decrypt("[" + encrypt(clear, key, "x7"), key) == f"[{clear}"


def test_the_answer_to_the_example_of_the_standard() -> None:
    head = telegram(FIRE).head
    assert head is not None
    assert ack(head) == b'\n1B990020"ACK"9876R579BDFL789ABC#12345A[]\r'
    assert answer(telegram(FIRE), SiaOptions(), NOW) == ack(head)
    assert duh(head) == build(b'"DUH"9876R579BDFL789ABC#12345A[]')


def test_nak_tells_the_time() -> None:
    assert nak(datetime(2019, 5, 7, 15, 39, 35, tzinfo=UTC)) == b'\n3C3B0025"NAK"0000R0L0A0[]_15:39:35,05-07-2019\r'


@pytest.mark.parametrize(
    ("seconds", "token"), [(0, "ACK"), (39, "ACK"), (41, "NAK"), (-19, "ACK"), (-21, "NAK"), (86_400 * 30, "NAK")]
)
def test_a_time_outside_the_window_is_answered_nak(seconds: int, token: str) -> None:
    sent = (NOW - timedelta(seconds=seconds)).strftime("_%H:%M:%S,%m-%d-%Y")
    found = answer(telegram(build(f'"NULL"0001L0#47[]{sent}'.encode())), SiaOptions(), NOW)
    assert found is not None
    assert f'"{token}"'.encode() in found


def test_an_encrypted_request_is_answered_encrypted_with_our_time() -> None:
    found = answer(telegram(encrypted("#4712|NFA1]_19:00:00,11-21-2026"), key=KEY), SiaOptions(key=KEY), NOW, "r4nd")
    assert found is not None
    (frame,) = split(found)
    assert isinstance(frame, Frame)
    assert frame.content.startswith(b'"*ACK"0007L0#4712[')
    assert decrypt(frame.content.decode().partition("[")[2], key_of(KEY)) == "[]_19:00:10,11-21-2026"


@pytest.mark.parametrize(
    ("content", "token"),
    [
        (b'"XNM"0009L0#47[abc]', b"DUH"),
        (b'"ADM-CID"0009L0#47[#47|fire]', b"DUH"),
        (b'"SIA-DCS"0009L0#47[#47|NQQ1]', b"DUH"),
        (b'"NULL"0009L0#47[]', b"ACK"),
    ],
)
def test_what_is_understood_and_not_supported_is_answered_duh(content: bytes, token: bytes) -> None:
    assert answer(telegram(build(content)), SiaOptions(), NOW) == build(b'"' + token + b'"0009L0#47[]')


def test_replies_and_unknown_accounts() -> None:
    assert answer(telegram(build(b'"ACK"0009L0#47[]')), SiaOptions(), NOW) is None
    assert answer(telegram(FIRE, known_only=True), SiaOptions(known_only=True), NOW) == nak(NOW)


def test_settings_of_another_feed_are_an_error() -> None:
    with pytest.raises(DecodeError, match="settings"):
        decode(FIRE, context(NAME, options={"keywords": []}))


def test_the_captured_frames_are_ours() -> None:
    assert decoded(NAME, (FRAMES / NAME / "refused.bin").read_bytes()).observations == ()
