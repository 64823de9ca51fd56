"""EDXL-DE 1.0. The frames are in fixtures/frames/edxl_de; how an alert is read is tested with the feed `cap`."""

import base64
from datetime import UTC, datetime

import pytest

from layers.content import Removal
from layers.content import Warning as CapWarning
from server.feeds import DecodeError
from server.feeds.edxl_de import NAME
from tests.feeds.dispatch_tools import decoded, reasons
from tests.feeds.frames import FRAMES, yielded

CAP = (
    '<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2"><identifier>{id}</identifier><sender>s</sender>'
    "<sent>2026-11-21T18:00:00-00:00</sent><status>{status}</status><msgType>Alert</msgType><scope>Public</scope></alert>"
)
ENVELOPE = (
    '<EDXLDistribution xmlns="urn:oasis:names:tc:emergency:EDXL:DE:1.0"><distributionID>D</distributionID>'
    "<senderID>s</senderID><dateTimeSent>2026-11-21T18:30:00+00:00</dateTimeSent><distributionStatus>{status}</distributionStatus>"
    "<distributionType>{kind}</distributionType>{content}</EDXLDistribution>"
)


def embedded(*alerts: str) -> str:
    parts = "".join(f"<embeddedXMLContent>{alert}</embeddedXMLContent>" for alert in alerts)
    return f"<contentObject><xmlContent>{parts}</xmlContent></contentObject>"


def cap(number: int, status: str = "Actual") -> str:
    return CAP.format(id=f"a{number}", status=status)


def envelope(*content: str, status: str = "Actual", kind: str = "Report") -> bytes:
    return ENVELOPE.format(status=status, kind=kind, content="".join(content)).encode()


def statuses(body: bytes) -> list[object]:
    return [each.content.status for each in decoded(NAME, body).observations if isinstance(each.content, CapWarning)]


def test_each_alert_is_read_on_its_own_and_the_good_ones_stay() -> None:
    found = yielded(FRAMES / NAME / "report.xml")
    assert [each.subject for each in found.observations] == [
        "cap:warnung@padertopia.example:pt-1",
        "cap:warnung@padertopia.example:pt-2",
    ]
    assert len(found.refused) == 4
    assert found.observations[0].extra["edxl"] == {
        "distribution": "D-1",
        "sender": "leitstelle@padertopia.example",
        "sent": "2026-11-21T18:30:00-00:00",
        "type": "Report",
    }


def test_several_alerts_in_one_and_in_several_objects() -> None:
    together = decoded(NAME, envelope(embedded(cap(1), cap(2))))
    apart = decoded(NAME, envelope(embedded(cap(1)), embedded(cap(2))))
    assert together == apart
    assert len(together.observations) == 2


@pytest.mark.parametrize("status", ["Exercise", "Test", "System", "exercise"])
def test_an_envelope_that_is_not_actual_makes_its_alerts_so(status: str) -> None:
    assert statuses(envelope(embedded(cap(1)), status=status)) == [status.capitalize()]
    real, played = (
        decoded(NAME, envelope(embedded(cap(1)), status=each)).observations[0] for each in ("Actual", status)
    )
    assert real.id != played.id


def test_an_exercise_in_a_real_envelope_stays_an_exercise() -> None:
    assert statuses(envelope(embedded(cap(1, "Exercise")))) == ["Exercise"]


@pytest.mark.parametrize("status", ["", "Perhaps"])
def test_nobody_knows_whether_it_is_an_exercise(status: str) -> None:
    found = decoded(NAME, envelope(embedded(cap(1)), status=status))
    assert found.observations == ()
    assert reasons(found)[0].startswith("an envelope without a distributionStatus")


def test_a_cancelled_distribution_withdraws_its_alerts() -> None:
    told = decoded(NAME, envelope(embedded(cap(1)))).observations[0]
    (withdrawn,) = decoded(NAME, envelope(embedded(cap(1)), kind="Cancel")).observations
    assert isinstance(withdrawn.content, Removal)
    assert withdrawn.subject == told.subject
    assert withdrawn.observed_at == datetime(2026, 11, 21, 18, 30, tzinfo=UTC) > told.observed_at


def test_an_alert_may_be_carried_as_data() -> None:
    def data(kind: str, content: bytes) -> str:
        block = f"<mimeType>{kind}</mimeType><contentData>{base64.b64encode(content).decode()}</contentData>"
        return f"<contentObject><nonXMLContent>{block}</nonXMLContent></contentObject>"

    assert statuses(envelope(data("application/cap+xml", cap(1).encode()))) == ["Actual"]
    assert statuses(envelope(data("text/xml", cap(1).encode()))) == ["Actual"]
    assert "'image/png' is not read" in reasons(decoded(NAME, envelope(data("image/png", b"x"))))[0]
    broken = envelope(
        data("text/xml", b"")
        .replace("</mimeType>", "</mimeType><uri>x</uri>")
        .replace("<contentData>", "<contentData>%")
    )
    assert reasons(decoded(NAME, broken)) == ["an empty message"]


def test_what_is_there_for_routing_is_no_content() -> None:
    key = f"<contentObject><xmlContent><keyXMLContent>{cap(9)}</keyXMLContent></xmlContent></contentObject>"
    found = decoded(NAME, envelope(key, embedded(cap(1))))
    assert [each.subject for each in found.observations] == ["cap:s:a1"]


def test_an_acknowledgement_holds_nothing() -> None:
    found = decoded(NAME, envelope(kind="Ack"))
    assert (found.observations, found.refused) == ((), ())


def test_envelopes_one_after_another() -> None:
    body = b'<?xml version="1.0"?>\n'.join([b"", envelope(embedded(cap(1))), envelope(embedded(cap(2)))])
    assert len(decoded(NAME, body).observations) == 2


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"<a/>",
        b'<EDXLDistribution xmlns="urn:oasis:names:tc:emergency:EDXL:DE:2.0"/>',
        b'<!DOCTYPE x [<!ENTITY e "e">]>' + envelope(embedded(cap(1))),
    ],
)
def test_what_is_no_envelope(body: bytes) -> None:
    with pytest.raises(DecodeError):
        decoded(NAME, body)
