"""Cursor on Target: what events mean, what is refused, and what is never kept."""

import re
from datetime import timedelta
from typing import Any

import pytest

from layers import content as c
from layers.cot import moment, node, xml
from layers.picture import Picture
from layers.settings import PictureSettings
from server.admission import admit
from server.feeds import INVALID, Decoded, DecodeError
from server.feeds.cot.framing import (
    mesh_frame,
)
from server.feeds.cot.protobuf import write_message
from server.feeds.cot.xml import read_sign_in
from tests.feeds.cot_tools import FEED, TIME, decoded, event, only
from tests.feeds.frames import RECEIVED, context

# -- what is not read --------------------------------------------------------------------------------------------------

ONE = xml(event(uid="A"))
BOMB = b"<!DOCTYPE event [<!ENTITY a 'aaaa'><!ENTITY b '&a;&a;&a;'>]>"


@pytest.mark.parametrize("head", [BOMB, b"<?xml version='1.0'?>\n" + BOMB, BOMB.lower()])
def test_a_document_type_is_refused(head: bytes) -> None:
    with pytest.raises(DecodeError, match="DOCTYPE") as error:
        decoded(head + ONE[ONE.index(b"<event") :])
    assert error.value.kind == INVALID


def test_a_document_type_between_events_costs_its_event_alone() -> None:
    found = decoded(ONE, BOMB + ONE[ONE.index(b"<event") :], xml(event(uid="B")))
    assert [one.subject for one in found.observations] == ["cot:A", "cot:B"]
    assert [part.reason for part in found.refused] == ["a document type (DOCTYPE) is not accepted"]


def test_depth_and_number_of_elements_are_bounded() -> None:
    deep = b"<x>" * 40 + b"</x>" * 40
    wide = b"<x/>" * 12_000
    for detail in (deep, wide):
        with pytest.raises(DecodeError, match="levels"):
            decoded(ONE.replace(b"<detail/>", b"<detail>" + detail + b"</detail>"))


@pytest.mark.parametrize("word", ["e", "e-Rauch", "E-x", "s", "s-Sim"])
def test_an_exercise_enters_exercises_only(word: str) -> None:
    found = decoded(event(uid="real"), event(uid="played", opex=word))
    live, practised = (Picture(PictureSettings(exercise=exercise)) for exercise in (False, True))
    admitted, refused = admit(found, live)
    assert [one.subject for one in admitted] == ["cot:real"]
    assert [(part.subject, "exercise" in part.reason) for part in refused] == [("cot:played", True)]
    assert len(admit(found, practised)[0]) == 2


@pytest.mark.parametrize("word", ["", "o", "o-Libori"])
def test_an_operation_is_real(word: str) -> None:
    assert decoded(event(opex=word)).conditions == {}


# -- times -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("start_s", "stale_s", "told_s"),
    [(0, 375, 375), (0.7, 300, 300), (0, 0, None), (0, -60, None), (600, 300, None), (0, 86_400 * 800, None)],
)
def test_an_end_that_cannot_be_is_not_believed(start_s: float, stale_s: float, told_s: float | None) -> None:
    times: dict[str, Any] = {"start": TIME + timedelta(seconds=start_s), "stale": TIME + timedelta(seconds=stale_s)}
    found = only(event(**times))
    assert isinstance(found.content, c.Unit)
    assert found.content.stale_at == (None if told_s is None else TIME + timedelta(seconds=told_s))
    assert ("stale_implausible" in found.flags) is (told_s is None)


def test_a_clock_an_hour_ahead_counts_for_both_times() -> None:
    ahead = RECEIVED + timedelta(hours=1)
    found = only(event(time=ahead, start=ahead, stale=ahead + timedelta(seconds=120)))
    assert isinstance(found.content, c.Unit)
    assert (found.observed_at, found.content.stale_at) == (RECEIVED, RECEIVED + timedelta(seconds=120))
    assert found.flags == ("clock_ahead",)


def test_an_hour_old_is_an_hour_old() -> None:
    then = RECEIVED - timedelta(hours=1)
    found = only(event(time=then, start=then, stale=then + timedelta(seconds=120)))
    assert (found.observed_at, found.flags) == (then, ())


@pytest.mark.parametrize("digits", ["", ".5", ".123", ".123456", ".123456789"])
def test_any_number_of_digits(digits: str) -> None:
    found = only(xml(event()).replace(moment(TIME).encode(), f"2026-11-21T19:58:00{digits}Z".encode()))
    assert found.observed_at == TIME + timedelta(seconds=float("0" + digits[:7] or 0))


# -- what it means -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "how", "parent", "became"),
    [
        ("a-f-G-U-C", "m-g", False, "unit"),
        ("a-a-G-E-V", "h-e", False, "unit"),
        ("a-f-G-U-i-m-ag", "m-r", False, "unit"),
        ("a-f-G-U-C", "h-g-i-g-o", True, "marker"),
        ("a-f-A-M-F-Q", "m-g", False, "drone"),
        ("a-n-A-C-F-q", "m-g", False, "drone"),
        ("a-u-G", "m-g", False, "track"),
        ("a-n-X-i-t-v-a", "h-e", False, "incident"),
        ("a-f-G-I-i-f-fd", "h-e", False, "place"),
        ("b-m-p-s-m", "h-e", False, "spot"),
        ("b-m-p-s-p-loc", "m-g", False, "sensor"),
        ("b-m-p-s-p-op", "m-g", False, "spot"),
        ("b-a-o-pan", "h-e", False, "emergency"),
        ("b-a-o-something-new", "h-e", False, "emergency"),
        ("b-r-f-h-c", "h-e", False, "casevac"),
        ("u-r-b-bullseye", "h-e", False, "bullseye"),
        ("a-f-G-U-C;extra", "m-g", False, "unit"),
    ],
)
def test_what_a_type_becomes(kind: str, how: str, parent: bool, became: str) -> None:
    links = [node("link", uid="BOSS", relation="p-p")] if parent else []
    found = only(event(kind, *links, how=how))
    assert (found.content.mark if isinstance(found.content, c.Mark) else found.kind) == became


@pytest.mark.parametrize("kind", ["t-x-c-t", "t-x-takp-q", "t-x-m-c", "b-t-f-d", "b-f-t-r", "y-a", "t-b-q"])
def test_control_messages_say_nothing(kind: str) -> None:
    assert decoded(event(kind)) == Decoded()


def test_a_cancelled_alarm_is_gone_and_a_later_one_is_there_again() -> None:
    alarm = event("b-a-o-tbl", node("emergency", type="911 Alert"), uid="A-9-1-1")
    cancel = event("b-a-o-can", node("emergency", cancel="true"), uid="A-9-1-1", time=TIME + timedelta(seconds=5))
    assert isinstance(only(cancel).content, c.Removal)
    assert only(cancel).subject == only(alarm).subject == "cot:A-9-1-1"
    assert isinstance(only(event("b-a-o-tbl", node("emergency", cancel="true"))).content, c.Removal)


def test_a_deletion_takes_marks_away_but_no_unit_of_ours() -> None:
    gone = event("t-x-d-d", node("link", uid="M-1"), node("link", uid="HLF"), uid="D")
    found = decoded(gone, options={"units": {"HLF": "urn:ngsi-ld:EmergencyVehicle:hlf1"}})
    assert [one.subject for one in found.observations] == ["cot:M-1"]


def test_a_device_may_be_one_of_our_units() -> None:
    found = only(event(uid="ANDROID-1"), options={"units": {"ANDROID-1": "urn:ngsi-ld:EmergencyVehicle:hlf1"}})
    assert found.subject == "urn:ngsi-ld:EmergencyVehicle:hlf1"


CHAT = event(
    "b-t-f",
    node("__chat", chatroom="ELW 1", parent="RootContactGroup", senderCallsign="HLF"),
    node("remarks", "vertraulich"),
)


def test_chat_can_be_left_out() -> None:
    assert isinstance(only(CHAT).content, c.Note)
    assert decoded(CHAT, options={"direct_messages": False}) == Decoded()
    assert decoded(CHAT, options={"chat": False}) == Decoded()


@pytest.mark.parametrize("accuracy", [None, 0.0, 9_999_999.0])
def test_an_accuracy_that_says_nothing_is_unknown(accuracy: float | None) -> None:
    assert only(event(ce=accuracy)).accuracy_m is None
    assert only(event(ce=4.5)).accuracy_m == 4.5


def test_more_corners_than_are_allowed_are_told() -> None:
    links = [node("link", point=f"{51 + i / 10_000},8.7") for i in range(5_001)]
    found = decoded(event("u-d-f", *links))
    assert len(found.observations[0].geometry["coordinates"]) == 5_000  # type: ignore[index]
    assert "more than 5000 positions" in found.refused[0].reason


# -- what is not kept --------------------------------------------------------------------------------------------------


def test_telephone_numbers_and_passwords_are_not_kept() -> None:
    body = (
        b"<event uid='+491701234567-9-1-1' type='b-a-o-tbl' how='h-e' time='2026-11-21T19:58:00Z'>"
        b"<point lat='51' lon='8'/>"
        b"<detail><contact callsign='A' phone=\"+49 170 1234567\" xmppUsername='a@b.c'/>"
        b"<__video url='rtsp://pilot:geheim@10.0.0.1/live'/></detail></event>"
    )
    kept = FEED.clean(body) if FEED.clean else b""
    assert len(kept) == len(body)
    for secret in (b"1701234567", b"170 1234567", b"a@b.c", b"geheim", b"pilot"):
        assert secret not in kept
    assert FEED.clean is not None
    assert FEED.clean(kept) == kept
    assert FEED.decode(kept, context("cot")) == FEED.decode(body, context("cot"))
    assert re.fullmatch(r"cot:x[0-9a-f]{12}-9-1-1", FEED.decode(body, context("cot")).observations[0].subject)


def test_secrets_go_from_protocol_1_too() -> None:
    frame = mesh_frame(write_message(event("a-f-G", node("contact", callsign="A", phone="+4917012345"))))
    assert FEED.clean is not None
    kept = FEED.clean(frame)
    assert b"17012345" not in kept
    assert FEED.decode(kept, context("cot")) == FEED.decode(frame, context("cot"))


def test_an_address_of_a_video_with_a_password_is_not_told() -> None:
    for url, told in (("rtsp://10.0.0.1/live", True), ("rtsp://a:b@10.0.0.1/x", False), ("javascript:alert(1)", False)):
        found = only(event("a-f-A-M-H-Q", node("__video", url=url))).content
        assert isinstance(found, c.Drone)
        assert (found.media != c.Drone().media) is told


def test_elements_that_nobody_knows_are_left_out() -> None:
    found = only(event("a-f-G", node("secret_sauce", recipe="x"), node("takv", platform="ATAK")))
    assert found.extra == {"type": "a-f-G", "how": "m-g", "takv": {"platform": "ATAK"}}


def test_a_sign_in_is_read_and_never_decoded() -> None:
    written = b"<auth><cot username='tablet' password='a&amp;b' uid='U'/></auth>"
    assert read_sign_in(written).password == "a&b"
    found = decoded(written + ONE)
    assert len(found.observations) == 1
    assert b"a&amp;b" not in (FEED.clean(written) if FEED.clean else b"")
    with pytest.raises(DecodeError):
        read_sign_in(b"<auth><cot username='x'/></auth>")
