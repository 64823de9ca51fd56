"""News: every dialect's names for the same things, texts without markup, and what is no feed."""

from typing import Any

import pytest

from layers.content import Post
from layers.observation import Observation
from server.feeds import Decoded, DecodeError, feeds
from tests.feeds.frames import check, context

FEED = feeds()["rss"]


def decoded(body: str | bytes, **more: Any) -> Decoded:
    """What a body yields."""
    found = FEED.decode(body if isinstance(body, bytes) else body.encode(), context("rss", **more))
    check(found)
    return found


def item(inner: str, **more: Any) -> Observation:
    """The only item of an RSS 2.0 feed."""
    body = f'<rss version="2.0"><channel><link>https://n.example/</link><item>{inner}</item></channel></rss>'
    (observation,) = decoded(body, **more).observations
    return observation


def post(inner: str, **more: Any) -> Post:
    """What the only item says."""
    content = item(inner, **more).content
    assert isinstance(content, Post)
    return content


def test_rss_1_0_and_atom_say_the_same_in_other_words() -> None:
    rdf = """<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"
      xmlns:dc="http://purl.org/dc/elements/1.1/"><channel rdf:about="https://n.example/"><title>N</title></channel>
      <item rdf:about="https://n.example/1"><title>Brand</title><link>https://n.example/1</link>
      <description>Es brennt.</description><dc:date>2026-11-21T19:05:11+00:00</dc:date>
      <dc:creator>R. Porter</dc:creator></item></rdf:RDF>"""
    atom = """<feed xmlns="http://www.w3.org/2005/Atom"><entry><id>https://n.example/1</id><title>Brand</title>
      <link href="https://n.example/1"/><summary>Es brennt.</summary><published>2026-11-21T19:05:11Z</published>
      <author><name>R. Porter</name></author></entry></feed>"""
    rss = """<title>Brand</title><guid>https://n.example/1</guid><link>https://n.example/1</link>
      <description>Es brennt.</description><pubDate>Sat, 21 Nov 2026 19:05:11 GMT</pubDate>
      <author>r@n.example (R. Porter)</author>"""
    (first,), (second,) = decoded(rdf).observations, decoded(atom).observations
    assert first == second == item(rss)
    assert first.subject == "rss:https%3A%2F%2Fn.example%2F1"


@pytest.mark.parametrize(
    ("inner", "message"),
    [
        ("<title>A</title>", "A"),
        ("<description>B</description>", "B"),
        ("<title>A</title><description>B</description>", "A\n\nB"),
        ("<title>A</title><description>A und mehr</description>", "A und mehr"),
        ("<title>A</title><description>&lt;p&gt;1&lt;/p&gt;&lt;p&gt;2&lt;/p&gt;</description>", "A\n\n1\n\n2"),
        ("<title>5 &lt; 6</title>", "5 < 6"),
        ("<title>A</title><description><![CDATA[<script>x()</script>B]]></description>", "A\n\nB"),
        ("<title>A</title><description>Tel. 05251 123456</description>", "A\n\nTel. ***"),
        ('<title>A</title><x:encoded xmlns:x="u">lang</x:encoded><description>kurz</description>', "A\n\nlang"),
    ],
)
def test_title_and_text_are_one_message(inner: str, message: str) -> None:
    assert post(inner).message == message


def test_a_key_that_means_something_in_its_feed_only_is_told_apart() -> None:
    assert item("<guid>17</guid><title>A</title>").subject == "rss:n.example:17"
    assert item("<guid>tag:n.example,2026:17</guid>").subject == "rss:tag%3An.example,2026%3A17"
    nameless = item("<title>A</title>").subject
    assert nameless == item("<title>A</title>").subject != item("<title>B</title>").subject


def test_an_item_without_a_time_is_the_same_for_a_while() -> None:
    first, second = item("<title>A</title>"), item("<title>A</title>")
    assert first.id == second.id
    assert first.flags == ("time_assumed",)


def test_a_correction_is_newer() -> None:
    entry = """<feed xmlns="http://www.w3.org/2005/Atom"><entry><id>urn:1</id><title>A</title>
      <published>2026-11-21T18:00:00Z</published><updated>2026-11-21T19:00:00Z</updated></entry></feed>"""
    (observation,) = decoded(entry).observations
    assert observation.observed_at.hour == 19
    assert isinstance(observation.content, Post)
    assert getattr(observation.content.issued_at, "hour", None) == 18


@pytest.mark.parametrize(
    ("inner", "point"),
    [
        ('<g:point xmlns:g="http://www.georss.org/georss">51.7 8.7</g:point>', [8.7, 51.7]),
        ('<g:where xmlns:g="http://www.georss.org/georss"><Point><pos>51.7 8.7</pos></Point></g:where>', [8.7, 51.7]),
        ('<g:lat xmlns:g="u">51.7</g:lat><g:long xmlns:g="u">8.7</g:long>', [8.7, 51.7]),
        ('<g:point xmlns:g="http://www.georss.org/georss">0 0</g:point>', None),
        ('<g:point xmlns:g="http://www.georss.org/georss">91 8</g:point>', None),
        ('<g:point xmlns:g="http://www.georss.org/georss">51.7</g:point>', None),
    ],
)
def test_a_place_is_latitude_first(inner: str, point: list[float] | None) -> None:
    geometry = item(f"<title>A</title>{inner}").geometry
    assert (geometry["coordinates"] if isinstance(geometry, dict) else None) == point


def test_the_searches_of_a_source_are_those_of_its_items() -> None:
    assert post("<title>A</title>", options={"search_ids": ["306"]}).search_ids == ("306",)


def test_an_empty_feed_is_a_quiet_day() -> None:
    assert decoded('<rss version="2.0"><channel><title>N</title></channel></rss>') == Decoded()


def test_more_items_than_are_read_are_counted() -> None:
    many = "".join(f"<item><guid>{number}</guid></item>" for number in range(1_100))
    found = decoded(f'<rss version="2.0"><channel>{many}</channel></rss>')
    assert len(found.observations) == 1_000
    assert [part.reason for part in found.refused] == ["1100 items, more than 1000"]


@pytest.mark.parametrize(
    "body",
    ["<html><body>404</body></html>", "<!DOCTYPE rss><rss/>", "{}", "", "kein XML", "<alert/>"],
)
def test_what_is_no_feed_is_refused(body: str) -> None:
    with pytest.raises(DecodeError) as refused:
        decoded(body)
    assert refused.value.reason
