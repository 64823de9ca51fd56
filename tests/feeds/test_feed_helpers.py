"""What feeds share: secrets, requests, several documents in one body, one claim per repeat."""

import json
import time

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from layers.content import Address, Note, Unit
from layers.observation import MAX_ID_CHARS
from server.feeds import DecodeError, Limits
from server.feeds._addresses import address, one_line
from server.feeds._batch import Batch, subject
from server.feeds._documents import documents
from server.feeds._requests import Request, request, requests
from server.feeds._secrets import clean, is_secret, without
from tests.feeds.frames import context

LIMITS = Limits()


@pytest.mark.parametrize(
    ("body", "kept"),
    [
        (b'{"authorization": "a\\"b", "x": 1}', b'{"authorization": "***", "x": 1}'),
        (b'{"accessKey":17,"y":2}', b'{"accessKey":"***","y":2}'),
        (b'{"PhoneNumber":null}', b'{"PhoneNumber":"***"}'),
        (b'{"caller":{"name":"N","contact":"0171 1"}}', b'{"caller":{"name":"N","contact":"***"}}'),
        (b'{"contact":{"name":"N"}}', b'{"contact":{"name":"N"}}'),
        (b"accesskey=abc&title=x%20y", b"accesskey=***&title=x%20y"),
        (
            b"GET /api/alarm?accesskey=abc HTTP/1.1\r\nAuthorization: bearer q\r\nX-Auth-Token: t\r\n\r\n",
            b"GET /api/alarm?accesskey=*** HTTP/1.1\r\nAuthorization: ***\r\nX-Auth-Token: ***\r\n\r\n",
        ),
        ("Rückruf: 05251 / 12-34 56, Tor".encode(), "Rückruf: ***, Tor".encode()),
        (b"Tel. 0171 1234567", b"Tel. ***"),
        (b"Hotel 12345678", b"Hotel 12345678"),
        (b"+49 171 1234567 ruft", b"*** ruft"),
        (
            b'{"caller":"Frau Muster, 0171 1234567","name":"01/44-01 12"}',
            b'{"caller":"Frau Muster, ***","name":"01/44-01 12"}',
        ),
        (b'{"caller":{"name":"Muster (05251) 1234"}}', b'{"caller":{"name":"Muster ***"}}'),
        (b'{"Key":"Mobilnummer","Value":"0171"}', b'{"Key":"Mobilnummer","Value":"***"}'),
        (b"caller=Muster+01711234567&title=x", b"caller=Muster***&title=x"),
        (b'{"sender":"wache@example.org"}', b'{"sender":"***@example.org"}'),
        (b'"2026-11-21T19:05:11+01:00" "/Date(1700000000000+0100)/"',) * 2,
        (b'{"externalId":"2026-4711","lat":51.83042,"ric":"1234567"}',) * 2,
    ],
)
def test_secrets_are_blanked_and_nothing_else(body: bytes, kept: bytes) -> None:
    assert clean(body) == kept
    assert clean(kept) == kept


@given(
    st.binary(max_size=400) | st.text(alphabet='"\\:{}[],=&@+ \n0aTelphoneauthorization', max_size=400).map(str.encode)
)
def test_twice_clean_is_once_clean(body: bytes) -> None:
    assert clean(clean(body)) == clean(body)


@pytest.mark.parametrize(
    "body",
    [
        b'"' * 200_000,
        b'"a' * 100_000,
        b"a" * 200_000,
        b"tel " * 50_000,
        b"+1 " * 70_000,
        b"a@" * 100_000,
        b"a.b@c" * 40_000,
        b'"caller":{' * 20_000,
        b'"caller":"' + b"1 " * 100_000,
        b'"phone":' * 25_000,
        b"phone=" * 33_000,
        b'"phone":"' + b"\\" * 200_000,
        b"Authorization" * 15_000,
    ],
    ids=lambda body: repr(body[:10]),
)
def test_cleaning_takes_time_by_the_length_alone(body: bytes) -> None:
    began = time.process_time()
    clean(body)
    assert time.process_time() - began < 0.01 * len(body) / 1_000


def test_members_with_secrets_are_left_out() -> None:
    assert without({"a": [{"apiKey": 1, "b": 2}], "E-Mail": "x"}) == {"a": [{"b": 2}]}
    assert is_secret("Telefonnummer")
    assert not is_secret("author_id")


def test_a_body_alone_is_one_request() -> None:
    assert list(requests(b'{"a":1}')) == [Request(body=b'{"a":1}')]
    assert list(requests(b"")) == [Request()]


def test_requests_follow_one_another() -> None:
    capture = (
        b"POST /api/v2/x/12?q=a%20b HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\n{\n}\n"
        b"GET /api/alarm?title=y HTTP/1.1\n\n"
        b"POST /form HTTP/1.1\r\n\r\nstatus=3&note=a+b"
    )
    first, second, third = requests(capture)
    assert (first.path, first.query, first.body) == (("api", "v2", "x", "12"), {"q": "a b"}, b"{\n}\n")
    assert first.after("x") == "12"
    assert first.after("12") is None
    assert (second.query, second.body) == ({"title": "y"}, b"")
    assert third.query == {"status": "3", "note": "a b"}


@given(st.binary(max_size=200), st.text(max_size=40))
def test_a_request_put_together_is_taken_apart_again(body: bytes, target: str) -> None:
    (found,) = requests(request("/vehicle/" + target.replace("/", ""), b"{" + body + b"}"))
    assert found.body == b"{" + body + b"}"


def test_a_length_that_blanked_secrets_have_changed_does_not_count() -> None:
    one = request("/a", b'{"token":"0123456789"}')
    first, second = requests(clean(one + one))
    assert first == second == Request(("a",), {}, b'{"token":"***"}')


@given(st.binary(max_size=300))
def test_any_bytes_are_requests(body: bytes) -> None:
    list(requests(b"POST / HTTP/1.1\r\n" + body))


def test_documents_one_after_another() -> None:
    assert documents(b'{"a":1}{"b":"}{"} [3]\n', LIMITS).found == [{"a": 1}, {"b": "}{"}, [3]]
    assert documents(b'\xef\xbb\xbf{"a":1}\r\n\r\n{"b":2}\r\n', LIMITS).found == [{"a": 1}, {"b": 2}]
    assert documents(b'{\n "a": 1\n}\n{\n "b": 2\n}', LIMITS).found == [{"a": 1}, {"b": 2}]


def test_a_broken_line_does_not_take_its_neighbours_along() -> None:
    found = documents(b'{"a":1}\n{"b":\n{"c":3}\n', LIMITS)
    assert found.found == [{"a": 1}, {"c": 3}]
    assert [part.kind for part in found.refused] == ["malformed"]


@pytest.mark.parametrize("body", [b"", b" \n", b"{", b"x", b"<a/>", b"\xff"])
def test_no_document_at_all(body: bytes) -> None:
    with pytest.raises(DecodeError):
        documents(body, LIMITS)


@given(st.lists(st.dictionaries(st.text(max_size=5), st.text(max_size=8), max_size=3), min_size=1, max_size=5))
def test_documents_are_found_however_they_are_divided(some: list[dict[str, str]]) -> None:
    for divider in ("", "\n", "\r\n\r\n", " "):
        assert documents(divider.join(map(json.dumps, some)).encode(), LIMITS).found == some


def test_a_subject_is_short_safe_and_its_own() -> None:
    assert subject("waip", "08/15 #1") == "waip:08%2F15%20%231"
    assert subject("waip", "ä", "b") == "waip:ä:b"
    assert subject("waip", "ä:b") == "waip:ä%3Ab"
    long, other = subject("waip", "x" * 300), subject("waip", "x" * 301)
    assert len(long) <= MAX_ID_CHARS
    assert long != other


def test_the_same_claim_has_the_same_id_and_a_new_time_a_new_one() -> None:
    def ids(*statuses: int, second: int = 0) -> list[str]:
        batch = Batch(context("report"))
        for status in statuses:
            batch.claim("x:1", Unit(fms_status=status), at=batch.context.received_at.replace(second=second))
        return [each.id for each in batch.decoded().observations]

    assert ids(3, 3) == ids(3)
    assert ids(3) != ids(4)
    assert ids(3) != ids(3, second=1)


def test_without_a_time_of_its_own_a_repeat_is_news_unless_it_comes_at_once() -> None:
    def identity(second: int, every_s: int) -> str:
        now = context("report")
        batch = Batch(msgspec.structs.replace(now, received_at=now.received_at.replace(second=second)))
        batch.claim("x:1", Note(text="x"), at=None, every_s=every_s)
        return batch.decoded().observations[0].id

    assert identity(1, 0) != identity(2, 0)
    assert identity(1, 60) == identity(59, 60)


def test_more_than_the_most_is_refused_and_counted() -> None:
    batch = Batch(context("report"), most=2)
    for number in range(5):
        batch.claim(f"x:{number}", Unit(name="x"), at=None)
    found = batch.decoded()
    assert len(found.observations) == 2
    assert [part.reason for part in found.refused] == ["3 observations more than the 2 of one message"]


def test_what_a_sender_adds_is_bounded_and_without_secrets() -> None:
    batch = Batch(context("report"))
    batch.claim(
        "x:1", Unit(), at=None, extra={"a": {"token": 1, "b": 2}, "long": "x" * 9_000, "none": None, "empty": ""}
    )
    found = batch.decoded()
    assert found.observations[0].extra == {"a": {"b": 2}}
    assert [part.kind for part in found.refused] == ["bad_attribute"]


def test_addresses() -> None:
    assert one_line("Hauptstraße 112, 33098 Paderborn") == Address(
        street="Hauptstraße 112", postcode="33098", city="Paderborn"
    )
    assert one_line("Weg 12345 6") == Address(street="Weg 12345 6")
    assert address("Ring 7", "7", None, "Ort") == Address(street="Ring 7", city="Ort")
    assert address("Ring", "7", "33098", None) == Address(street="Ring 7", postcode="33098")
