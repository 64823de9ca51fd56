"""CAP: what an alert must have, languages, parts, shapes, codes, envelopes, archives; and chains in the picture."""

import io
import json
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layers.content import Warning as Alert
from layers.geo import area_m2, contains
from server.feeds import INVALID, TOO_LARGE, Decoded, DecodeError
from server.feeds.cap import FEED, MAX_UNPACKED_BYTES, cap_observations
from tests.feeds.cap_tools import alert, area, code, decoded, info, one, zipped
from tests.feeds.frames import FRAMES, context


@pytest.mark.parametrize("name", ["identifier", "sender", "sent", "status", "msgType", "scope"])
def test_an_alert_without_what_cap_requires_is_refused(name: str) -> None:
    for value in ("", " "):
        with pytest.raises(DecodeError) as refused:
            decoded(alert(**{name: value}))
        assert refused.value.reason == f"a CAP alert needs {name}"


@pytest.mark.parametrize("sent", ["gestern", "2026-13-01T00:00:00+01:00", "2026-11-21T19:00:00,01:00"])
def test_an_alert_whose_time_cannot_be_read_is_refused(sent: str) -> None:
    found = decoded(alert(sent=sent) + alert(identifier="A2"))
    assert [each.subject for each in found.observations] == ["cap:s@example.org:A2"]
    assert found.refused[-1].reason == "a CAP alert needs a readable identifier, sender and sent"


@pytest.mark.parametrize(
    "body",
    [
        b"<rss/ >",
        b"<html><body>Not found</body></html>",
        b'{"identifier": 5}',
        b'{"warnings": 7}',
        b"[[], 3]",
        b"PK\x03\x04 no archive",
        zipped(("readme.txt", b"hello")),
        zipped(("empty.xml", b"")),
        b'<!DOCTYPE alert SYSTEM "file:///etc/hostname">' + alert().encode(),
        alert().encode()[:-9],
    ],
    ids=range(10),
)
def test_what_is_no_warning_is_refused(body: bytes) -> None:
    with pytest.raises(DecodeError) as refused:
        decoded(body)
    assert refused.value.reason


@pytest.mark.parametrize(
    "body",
    [
        b'{"warnings": []}',
        b'{"type": "FeatureCollection", "features": []}',
        zipped(),
        b'<rss version="2.0"><channel/></rss>',
        b'<feed xmlns="http://www.w3.org/2005/Atom"><title>none</title></feed>',
    ],
)
def test_a_quiet_day_is_no_error(body: bytes) -> None:
    assert decoded(body) == Decoded()


@pytest.mark.parametrize(
    ("there", "wanted", "taken"),
    [
        (["en", "de-DE"], ("de-DE", "de", "en"), ["de-DE"]),
        (["de-LS", "de", "en"], ("de-DE", "de", "en"), ["de"]),
        (["en-GB", "de-AT"], ("de-DE", "de", "en"), ["de-AT"]),
        (["fr-CA", "en-CA"], ("de-DE", "de", "en"), ["en-CA"]),
        (["pl", "ru"], ("de-DE", "de", "en"), ["pl"]),
        (["pl", "DE-de"], ("de-DE",), ["DE-de"]),
        (["de-DE", "en"], ("en",), ["en"]),
        (["", "fr"], ("de", "en"), ["en-US"]),
        (["de-DE", "de-DE"], ("de-DE",), ["de-DE"]),
    ],
)
def test_the_preferred_language_is_taken(there: list[str], wanted: tuple[str, ...], taken: list[str]) -> None:
    found = decoded(alert("".join(info(language=each) for each in there)), options={"languages": wanted})
    assert [each.content.language for each in found.observations if isinstance(each.content, Alert)] == taken


def test_each_warning_of_an_alert_is_one_and_its_areas_are_together() -> None:
    body = alert(
        info(area("<circle>51.7,8.7 1</circle>"))
        + info(area("<circle>51.9,8.9 1</circle>"))
        + info(area("<circle>51.7,8.7 2</circle>"), severity="Extreme")
        + info(area(), language="en", event="STORM")
    )
    found = decoded(body)
    assert [each.subject for each in found.observations] == ["cap:s@example.org:A1", "cap:s@example.org:A1:2"]
    shapes = [each.geometry for each in found.observations]
    assert isinstance(shapes[0], dict)
    assert contains(shapes[0], 8.7, 51.7)
    assert contains(shapes[0], 8.9, 51.9)


def test_an_exclusion_is_cut_out_of_the_polygons_of_its_own_area() -> None:
    big = "<polygon>51,8 51,9 52,9 52,8 51,8</polygon>"
    small = "51.4,8.4 51.4,8.6 51.6,8.6 51.6,8.4 51.4,8.4"
    found = decoded(
        alert(info(area(big, code("EXCLUDE_POLYGON", small)) + area("<polygon>60,8 60,9 61,9 60,8</polygon>")))
    )
    (observation,) = found.observations
    assert isinstance(observation.geometry, dict)
    assert not contains(observation.geometry, 8.5, 51.5)
    assert contains(observation.geometry, 8.2, 51.2)
    assert contains(observation.geometry, 8.8, 60.2)
    assert isinstance(observation.content, Alert)
    assert observation.content.area_codes == {}


def test_codes_without_a_shape_are_kept_by_their_scheme() -> None:
    codes = area(code("WARNCELLID", "805774032"), code("WARNCELLID", " 805774036 ")) + area(
        code("SAME", "006109 006009"), code("profile:CAP-CP:Location:0.3", "3537001")
    )
    content, observation = one(alert(info(codes)))
    assert observation.geometry is None
    assert content.area_codes == {
        "WARNCELLID": ("805774032", "805774036"),
        "SAME": ("006109", "006009"),
        "profile:CAP-CP:Location:0.3": ("3537001",),
    }


def test_feet_become_metres_and_hold_where_every_area_has_them() -> None:
    content, _ = one(alert(info(area(altitude="1000", ceiling="9842.5197") + area(altitude="0", ceiling="3280.84"))))
    assert (content.altitude_m, content.ceiling_m) == (0.0, 3000.0)
    content, _ = one(alert(info(area(altitude="1000") + area())))
    assert (content.altitude_m, content.ceiling_m) == (None, None)


@pytest.mark.parametrize(
    "shape",
    [
        "<polygon>95,8 95,9 96,9 95,8</polygon>",
        "<polygon>51,8 51,9</polygon>",
        "<polygon>51,8 51,9 52</polygon>",
        "<polygon>x,y z,a b,c x,y</polygon>",
        "<polygon>0,0 0,1 1,1 0,0</polygon>",
        "<circle>51.7,8.7</circle>",
        "<circle>51.7,8.7 -3</circle>",
        "<circle>51.7,8.7 nan</circle>",
        "<circle>51.7,8.7 99999</circle>",
    ],
)
def test_a_shape_that_is_none_costs_itself(shape: str) -> None:
    found = decoded(alert(info(area(shape, "<circle>51.7,8.7 1</circle>"))))
    (observation,) = found.observations
    assert isinstance(observation.geometry, dict)
    assert area_m2(observation.geometry) == pytest.approx(3_136_500, rel=1e-3)
    assert len(found.refused) == 1


def test_a_radius_of_nothing_is_a_point() -> None:
    assert one(alert(info(area("<circle>-16.053,-173.274 0.0</circle>"))))[1].geometry == {
        "type": "Point",
        "coordinates": [-173.274, -16.053],
    }


def test_more_corners_than_can_be_drawn_are_left_out_not_the_area() -> None:
    corners = [f"{51 + number / 10_000:.4f},{8 + (number % 2) / 10_000:.4f}" for number in range(7_000)]
    _, observation = one(alert(info(area(f"<polygon>{' '.join([*corners, '51.0,9.0', corners[0]])}</polygon>"))))
    assert isinstance(observation.geometry, dict)
    assert observation.flags == ("area_simplified",)
    assert sum(map(len, observation.geometry["coordinates"])) <= context("cap").limits.points
    assert contains(observation.geometry, 8.3, 51.2)


def test_more_areas_than_are_told_are_counted() -> None:
    many = "".join(
        area(code("WARNCELLID", f"8{number:08}")).replace("Ort", f"Gemeinde {number}") for number in range(700)
    )
    content, observation = one(alert(info(many)), limits=context("cap").limits.__class__(items=1_000))
    assert observation.flags == ("area_cut",)
    assert isinstance(content.area_codes, dict)
    assert len(content.area_codes["WARNCELLID"]) == 500
    assert str(content.area_text).startswith("Gemeinde 0, Gemeinde 1, ")
    assert str(content.area_text).endswith(")")


def test_what_an_enumeration_does_not_have_stays_readable() -> None:
    content, observation = one(alert(info(severity="Catastrophic", urgency="", certainty="very likely"), status="Real"))
    assert (content.status, content.severity, content.urgency, content.certainty) == (
        "unknown", "Unknown", "Unknown", "Likely",
    )  # fmt: skip
    assert observation.extra["severity"] == "Catastrophic"
    assert observation.extra["status"] == "Real"


def test_a_long_text_is_cut_and_says_so() -> None:
    content, observation = one(alert(info(description="Wind. " * 3_000)))
    assert str(content.description).endswith(" …")
    assert len(str(content.description)) <= 8_000
    assert "text_cut" in observation.flags


def test_contacts_and_passwords_are_not_kept() -> None:
    body = alert(info(contact="Tel. 05251 123456"), password="geheim").encode()
    _, observation = one(body)
    assert "geheim" not in repr(observation)
    assert "123456" not in repr(observation)
    assert FEED.clean is not None
    kept = FEED.clean(body)
    assert b"geheim" not in kept
    assert FEED.clean(kept) == kept
    assert decoded(kept) == decoded(body)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "iso-8859-1", "windows-1252"])
def test_every_encoding_gives_the_same(encoding: str) -> None:
    body = f'<?xml version="1.0" encoding="{encoding}"?>\r\n' + alert(info(event="BÖEN"))
    assert one(body.encode(encoding))[0].event == "BÖEN"


def test_alerts_are_found_in_other_envelopes() -> None:
    body = f"<soap:E xmlns:soap='urn:x'><alerts>{alert()}{alert(identifier='A2')}</alerts></soap:E>".encode()
    assert len(cap_observations(body, context("cap")).observations) == 2
    with pytest.raises(DecodeError):
        cap_observations(b"<soap/>", context("cap"))


def test_an_archive_is_read_file_by_file() -> None:
    found = decoded(zipped(("a.xml", alert().encode()), ("b.xml", b"<x"), ("c.xml", alert(identifier="C").encode())))
    assert [each.subject for each in found.observations] == ["cap:s@example.org:A1", "cap:s@example.org:C"]
    (refused,) = found.refused
    assert refused.reason.startswith("b.xml: not XML")


def test_a_file_without_a_name_in_an_archive_costs_no_other() -> None:
    files = ("a.xml", alert().encode()), ("b.xml", alert(identifier="B").encode())
    nameless = zipped(*files).replace(b"a.xml", b"\x00.xml")  # a name ends where there is a NUL
    assert zipfile.ZipFile(io.BytesIO(nameless)).namelist() == ["", "b.xml"]
    assert "cap:s@example.org:B" in [each.subject for each in decoded(nameless).observations]


def test_a_zip_bomb_is_refused_before_it_is_read() -> None:
    bomb = zipped(*((f"{number}.xml", b" " * 8_000_001) for number in range(8)), ("z.xml", alert().encode()))
    assert len(bomb) < 100_000
    with pytest.raises(DecodeError) as refused:
        decoded(bomb)
    assert refused.value.kind == TOO_LARGE
    assert str(MAX_UNPACKED_BYTES) in refused.value.reason


def test_an_archive_that_lies_of_its_size_is_counted_while_it_is_unpacked() -> None:
    honest = bytearray(zipped(("a.xml", b" " * 9_000_000)))
    size = (9_000_000).to_bytes(4, "little")
    assert honest.count(size) == 2
    lying = bytes(honest).replace(size, (10).to_bytes(4, "little"))
    with pytest.raises(DecodeError) as refused:
        decoded(lying)
    assert "a.xml" in refused.value.reason


def test_too_many_files_and_locked_ones_are_refused() -> None:
    with pytest.raises(DecodeError) as refused:
        decoded(zipped(*((f"{number}.xml", b"") for number in range(2_001))))
    assert refused.value.kind == TOO_LARGE
    locked = bytearray(zipped(("a.xml", alert().encode())))
    for sign, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        locked[locked.index(sign) + at] |= 1
    with pytest.raises(DecodeError) as refused:
        decoded(bytes(locked))
    assert refused.value.kind == INVALID
    with pytest.raises(DecodeError):
        decoded(zipped(("a.xml", alert().encode()), method=zipfile.ZIP_BZIP2))


@given(st.binary(max_size=200), st.integers(0, 400))
def test_a_damaged_archive_is_refused_or_read(junk: bytes, at: int) -> None:
    body = bytearray(zipped(("a.xml", alert().encode())))
    body[at : at + len(junk)] = junk
    try:
        decoded(bytes(body))
    except DecodeError as error:
        assert error.reason


def test_a_frame_in_any_packing_says_the_same() -> None:
    storm = (FRAMES / "cap" / "storm.xml").read_bytes()
    assert decoded(zipped(("storm.xml", storm))) == decoded(storm)
    whole = json.loads((FRAMES / "cap" / "meteoalarm.json").read_bytes())
    alone = whole["warnings"][0]["alert"]
    for packing in (alone, [alone], {"alert": alone}, {"warnings": [alone]}):
        assert decoded(json.dumps(packing)).observations == decoded(json.dumps(whole)).observations
