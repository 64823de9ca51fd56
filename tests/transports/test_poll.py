"""Polls against a real server that misbehaves: what is asked, what is taken, what is said, and what never happens."""

import gzip
import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from server.transports import fetch
from server.transports.connection import FIRST_RETRY_S, LONGEST_RETRY_AFTER_S, retry_s
from server.transports.fetch import retry_after_s, shown
from server.transports.kinds import connection
from tests.server import wait_until
from tests.transports.certificates import Authority
from tests.transports.links import Desk, is_lost, poll, running, stands
from tests.transports.misbehaviour import HttpServer, Reply, Request


@pytest.fixture(scope="module")
def web() -> Iterator[HttpServer]:
    with HttpServer() as server:
        yield server


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[HttpServer]:
    with HttpServer() as server:
        server.answers["/x"] = [Reply(body=b"from elsewhere")]
        yield server


@pytest.fixture(autouse=True)
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """All tests ask one host: what it may be asked in a minute is not for them."""
    monkeypatch.setattr(fetch, "HOSTS", fetch.Hosts(per_minute=1e6, burst=1e6))


def test_what_did_not_change_is_not_sent_again_even_after_a_restart(web: HttpServer, tmp_path: Path) -> None:
    def conditional(request: Request) -> Reply:
        if request.headers.get("If-None-Match") == '"1"':
            return Reply(304)
        return Reply(body=b"{}", headers={"ETag": '"1"', "Last-Modified": "Sun, 29 Nov 2026 12:00:00 GMT"})

    web.answers["/etag"] = [conditional]
    desk = Desk()
    with running("ngsi/e", desk, tmp_path, **poll(f"{web.url}/etag")) as runner:
        stands(runner)
        wait_until(lambda: len(web.asked("/etag")) >= 2)
    with running("ngsi/e", desk, tmp_path, **poll(f"{web.url}/etag")) as runner:
        stands(runner)
    assert desk.bodies == [b"{}"]
    first, *later = web.asked("/etag")
    assert "If-None-Match" not in first.headers
    for request in later:
        assert request.headers["If-None-Match"] == '"1"'
        assert request.headers["If-Modified-Since"] == "Sun, 29 Nov 2026 12:00:00 GMT"
        assert request.headers["User-Agent"].startswith("lagebild/")


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (Reply(500), "500 Internal Server Error"),
        (Reply(429, headers={"Retry-After": "3000"}), "429 Too Many Requests"),
        (Reply(401), "401 Unauthorized"),
        (Reply(body=b"x" * 5_001), "the answer has 5001 bytes, more than 5000"),
        (Reply(body=gzip.compress(b"x" * 1_000_000), headers={"Content-Encoding": "gzip"}), "more than 5000 bytes"),
        (Reply(body=b"no gzip", headers={"Content-Encoding": "gzip"}), "cannot be unpacked"),
        (Reply(body=b"x", headers={"Content-Length": "50", "Connection": "close"}), "in the midst of it"),
        (Reply(body=b"x" * 2_000, drip=True), "takes longer than 1 s"),
        (Reply(302, headers={"Location": "file:///etc/passwd"}), "it leads to file://None"),
        (Reply(302, headers={"Location": "http://169.254.169.254/latest"}), "it leads to http://169.254.169.254"),
        (Reply(302, headers={"Location": "/loop"}), "more than 5 redirects"),
        (Reply(302, headers={"Location": "http://[bad"}), "a redirect to no address"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_goes_wrong_is_said_and_nothing_is_taken(web: HttpServer, reply: Reply, reason: str) -> None:
    path = "/loop" if reply.headers.get("Location") == "/loop" else "/wrong"
    web.answers[path] = [reply]
    desk = Desk()
    limits = {"max_bytes": 5_000, "total_s": 1 if reply.drip else 60}
    with running("ngsi/w", desk, **poll(f"{web.url}{path}?key=Gh3!x", **limits)) as runner:
        is_lost(runner, reason)
        if "Retry-After" in reply.headers:
            assert runner.state.next_try_at is not None
            wait_s = (runner.state.next_try_at - datetime.now(UTC)).total_seconds()
            assert 2_000 < wait_s <= 3_000
        assert "Gh3!x" not in repr(runner.state)
    assert desk.asked == 0


def mute(_: Request) -> Reply:
    """Comes too late for anybody."""
    time.sleep(2)
    return Reply()


def test_a_server_that_says_nothing_or_is_not_there(web: HttpServer) -> None:
    web.answers["/mute"] = [mute]
    with running("ngsi/w", Desk(), **poll(f"{web.url}/mute", timeout_s=0.3)) as runner:
        is_lost(runner, "does not answer in time")
    with running("ngsi/w", Desk(), **poll("http://127.0.0.1:9/")) as runner:
        is_lost(runner, "refused")


def test_a_failure_is_followed_by_another_try(web: HttpServer) -> None:
    web.answers["/heals"] = [Reply(503), Reply(500), Reply(body=b"1")]
    desk = Desk()
    with running("ngsi/h", desk, **poll(f"{web.url}/heals", interval_s=3_600)) as runner:
        stands(runner)
        assert runner.stats.losses == 2
    assert desk.bodies == [b"1"]


def test_redirects_stay_at_home_unless_allowed_and_take_no_secret_along(web: HttpServer, elsewhere: HttpServer) -> None:
    web.answers["/away"] = [Reply(307, headers={"Location": f"{elsewhere.url}/x"})]
    web.answers["/near"] = [Reply(301, headers={"Location": "/here"})]
    web.answers["/here"] = [Reply(body=b"here")]
    secret = {"auth": "bearer", "secret": "Gh3!x", "headers": {"X-Own": "1"}}
    desk = Desk()
    with running("ngsi/r", desk, **poll(f"{web.url}/away", **secret)) as runner:
        is_lost(runner, "not among its origins")
    assert elsewhere.requests == []
    both = poll(f"{web.url}/away", f"{web.url}/near", origins=[elsewhere.url], **secret)
    with running("ngsi/r", desk, **both):
        wait_until(lambda: sorted(desk.bodies[:2]) == [b"from elsewhere", b"here"])
    assert {"Authorization", "X-Own"} & elsewhere.requests[0].headers.keys() == set()
    assert web.asked("/here")[0].headers["Authorization"] == "Bearer Gh3!x"


@pytest.mark.parametrize(
    ("settings", "header", "value"),
    [
        ({"auth": "basic", "username": "u"}, "Authorization", "Basic dTpHaDMheA=="),
        ({"auth": "header", "auth_name": "X-Key"}, "X-Key", "Gh3!x"),
    ],
)
def test_how_a_secret_is_sent(web: HttpServer, settings: dict[str, Any], header: str, value: str) -> None:
    web.answers["/auth"] = [Reply(body=b"1")]
    with running("ngsi/a", Desk(), **poll(f"{web.url}/auth", secret="Gh3!x", **settings)) as runner:
        stands(runner)
        assert web.asked("/auth")[-1].headers[header] == value
        assert "Gh3!x" not in str(runner.transport.plan()) + repr(runner.settings)


def test_a_secret_as_a_parameter_and_a_body_that_is_posted(web: HttpServer) -> None:
    web.answers["/query"] = [Reply(body=b"1")]
    asked = {"auth": "query", "auth_name": "accesskey", "secret": "Gh3!x", "body": '{"a":1}'}
    with running("divera/q", Desk(), **poll(f"{web.url}/query?a=b", **asked)) as runner:
        stands(runner)
        request = web.asked("/query")[0]
        assert (request.method, request.query) == ("POST", {"a": ["b"], "accesskey": ["Gh3!x"]})
        assert (request.body, request.headers["Content-Type"]) == (b'{"a":1}', "application/json")
        assert runner.transport.plan()[1] == f"POST {web.url}/query?a=…"


def test_one_address_that_fails_does_not_stop_the_others(web: HttpServer) -> None:
    web.answers["/good"] = [Reply(body=b"good")]
    web.answers["/gone"] = [Reply(410)]
    desk = Desk()
    with running("ngsi/two", desk, **poll(f"{web.url}/gone", f"{web.url}/good")) as runner:
        wait_until(lambda: runner.state.reason == f"{web.url}/gone: 410 Gone")
        assert runner.state.state == "connected"
        web.answers["/gone"] = [Reply(body=b"back")]
        wait_until(lambda: runner.state.reason is None)
        assert b"back" in desk.bodies


def test_what_cannot_be_read_lies_in_the_quarantine_once(web: HttpServer) -> None:
    web.answers["/bad"] = [Reply(body=b"bad")]
    desk = Desk()
    desk.bad = {b"bad"}
    with running("ngsi/bad", desk, **poll(f"{web.url}/bad")) as runner:
        wait_until(lambda: len(web.asked("/bad")) >= 3)
        assert (desk.asked, runner.stats.refused) == (1, 1)
        wait_until(lambda: runner.state.reason == "what it sends cannot be read (see the quarantine)")
        web.answers["/bad"] = [Reply(304)]
        asked = len(web.asked("/bad"))
        wait_until(lambda: len(web.asked("/bad")) >= asked + 3)
        assert runner.state.reason is not None, "what has not changed cannot be read any better"


def things(web: HttpServer, skip: int, link: str | None) -> Reply:
    """A page of SensorThings."""
    document = {"value": [{"@iot.id": skip}], **({"@iot.nextLink": link} if link else {})}
    return Reply(body=json.dumps(document).encode(), headers={"ETag": '"page"'})


def test_pages_of_sensorthings_stay_on_their_server(web: HttpServer, elsewhere: HttpServer) -> None:
    web.answers["/Things"] = [
        things(web, 1, f"{web.url}/Things?$skip=1"),
        things(web, 2, f"{web.url}/Things?$skip=2"),
        things(web, 3, f"{elsewhere.url}/x"),
    ]
    desk = Desk()
    settings = poll(f"{web.url}/Things", paging="sensorthings", interval_s=3_600, retry_max_s=3_600)
    with running("sensorthings/t", desk, **settings) as runner:
        is_lost(runner, "@iot.nextLink leads to another server: 127.0.0.1")
        assert [json.loads(body)["value"][0]["@iot.id"] for body in desk.bodies] == [1, 2, 3]
        assert [request.query for request in web.asked("/Things")] == [{}, {"$skip": ["1"]}, {"$skip": ["2"]}]
    web.answers["/many"] = [things(web, 1, "/many")]
    with running("sensorthings/t", desk, **poll(f"{web.url}/many", paging="sensorthings", pages=3)) as runner:
        wait_until(lambda: runner.state.reason == "there are more than 3 pages")


class Timeline:
    """A timeline as Mastodon pages it: newest first, `min_id` from the oldest on, `max_id` backwards."""

    def __init__(self, web: HttpServer, path: str) -> None:
        self.posts = [str(number) for number in range(98, 103)]
        self.where = web.url + path
        web.answers[path] = [self.answer]

    def answer(self, request: Request) -> Reply:
        query = {name: int(values[0]) for name, values in request.query.items()}
        found = [post for post in self.posts if query.get("max_id", 10**9) > int(post)]
        found = [post for post in found if max(query.get("since_id", 0), query.get("min_id", 0)) < int(post)]
        page = sorted(found, key=int, reverse="min_id" not in query)[:2]
        page.sort(key=int, reverse=True)
        if not page:
            return Reply(body=b"[]")
        older = f'<{self.where}?max_id={page[-1]}>; rel="next", <{self.where}?min_id={page[0]}>; rel="prev"'
        return Reply(body=json.dumps([{"id": post} for post in page]).encode(), headers={"Link": older} if page else {})


@pytest.mark.parametrize("cursor", ["min_id", "since_id"])
def test_a_timeline_goes_on_where_it_was_left(web: HttpServer, tmp_path: Path, cursor: str) -> None:
    timeline, desk = Timeline(web, f"/timeline/{cursor}"), Desk()
    settings = poll(timeline.where, cursor=cursor, paging="link")

    def told() -> list[str]:
        return [item["id"] for body in desk.bodies for item in json.loads(body)]

    with running("mastodon/m", desk, tmp_path, **settings):
        wait_until(lambda: told() == ["102", "101"])
    timeline.posts += [str(number) for number in range(103, 108)]
    with running("mastodon/m", desk, tmp_path, **settings) as runner:
        stands(runner)
        wait_until(lambda: sorted(set(told()), key=int) == [str(number) for number in range(101, 108)])
        before = len(desk.taken)
        asked = len(web.requests)
        wait_until(lambda: len(web.requests) >= asked + 2)
        assert len(desk.taken) == before, "an empty page is no message"


def test_a_window_of_time_follows_the_last_one(web: HttpServer, tmp_path: Path) -> None:
    web.answers["/window"] = [Reply(body=b"{}")]
    settings = poll(f"{web.url}/window?from={{from}}&to={{to}}", window_s=7_200, overlap_s=600)
    with running("hystreet/w", Desk(), tmp_path, **settings):
        wait_until(lambda: len(web.asked("/window")) >= 2)
    first, second = (
        [datetime.fromisoformat(request.query[name][0]) for name in ("from", "to")]
        for request in web.asked("/window")[:2]
    )
    assert first[1] - first[0] == timedelta(seconds=7_200)
    assert second[0] == first[1] - timedelta(seconds=600)
    assert second[1] > first[1]


def test_a_proxy_is_asked_where_one_is_set(web: HttpServer) -> None:
    web.answers["/behind"] = [Reply(body=b"1")]
    desk = Desk()
    with running("ngsi/p", desk, **poll("http://sender.invalid/behind?a=b", proxy=web.url)):
        wait_until(lambda: desk.bodies[:1] == [b"1"])
    assert web.asked("/behind")[0].headers["Host"] == "sender.invalid"


def test_one_host_is_not_asked_too_often_by_all_together(web: HttpServer, monkeypatch: pytest.MonkeyPatch) -> None:
    web.answers["/often"] = [Reply(body=b"1")]
    monkeypatch.setattr(fetch, "HOSTS", fetch.Hosts(per_minute=1, burst=2))
    with running("ngsi/a", Desk(), **poll(f"{web.url}/often")), running("ngsi/b", Desk(), **poll(f"{web.url}/often")):
        wait_until(lambda: len(web.asked("/often")) == 2)
        impatient = poll(f"{web.url}/often", total_s=0.5)
        with running("ngsi/c", Desk(), **impatient) as runner:
            is_lost(runner, "too many requests to 127.0.0.1")
        assert len(web.asked("/often")) == 2


def test_one_host_has_few_requests_under_way() -> None:
    hosts = fetch.Hosts()
    slots = [hosts.slot("a") for _ in range(3)]
    assert [slot.acquire(blocking=False) for slot in slots] == [True, True, False]
    assert hosts.slot("b").acquire(blocking=False)


def test_tls_is_verified(tmp_path: Path) -> None:
    authority = Authority(tmp_path / "ca")
    with HttpServer(authority.issue("web")) as web:
        web.answers["/"] = [Reply(body=b"secured")]
        desk = Desk()
        with running("ngsi/tls", desk, **poll(f"{web.url}/", ca_file=str(authority.file))) as runner:
            stands(runner)
        assert desk.bodies == [b"secured"]
        with running("ngsi/tls", desk, **poll(f"{web.url}/")) as runner:
            is_lost(runner, "TLS: ")
        with running("ngsi/tls", desk, **poll(f"{web.url}/", ca_file=str(tmp_path / "none"))) as runner:
            is_lost(runner, "certificates: No such file")


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"urls": ["file:///etc/passwd"]}, "an address is http"),
        ({"urls": ["https://u:p@h/"]}, "without user and password"),
        ({"urls": ["http://h/"], "auth": "bearer", "secret": "x"}, "https only, unless plain_secret"),
        ({"urls": ["https://h/"], "auth": "basic", "secret": "x"}, "needs username"),
        ({"urls": ["https://h/"], "auth": "query", "secret": "x"}, "needs auth_name"),
        ({"urls": ["https://h/"], "secret": "x"}, "a secret needs auth"),
        ({"urls": ["https://h/"], "headers": {"cookie": "x"}}, "the header cookie is not set by hand"),
        ({"urls": []}, "length >= 1"),
        ({"urls": ["https://h/"], "details": ["https://h/x"]}, "has {id} in it"),
    ],
)
def test_what_does_not_go_together(settings: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        connection({"transport": "poll", **settings})


def test_when_the_next_try_is_due() -> None:
    assert retry_after_s("120") == 120.0
    assert retry_after_s("soon") is None
    assert retry_after_s(None) is None
    later = retry_after_s(format_datetime(datetime.now(UTC) + timedelta(seconds=600), usegmt=True))
    assert later is not None
    assert 500 < later <= 600
    for failures, longest in ((1, FIRST_RETRY_S), (4, 8 * FIRST_RETRY_S), (500, 60.0)):
        waits = [retry_s(failures, 60.0) for _ in range(200)]
        assert longest / 2 <= min(waits) < max(waits) <= longest
    assert retry_s(1, 60.0, 100.0) == 100.0
    assert retry_s(1, 60.0, 1e9) == LONGEST_RETRY_AFTER_S


def test_an_address_is_shown_without_its_values() -> None:
    assert shown("https://h:1/a/b?accesskey=geheim&x=") == "https://h:1/a/b?accesskey=…&x=…"
