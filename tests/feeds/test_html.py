"""HTML as plain text."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.feeds._html import plain_text


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("plain  text ", "plain  text"),
        ("5 < 6 > 4", "5 < 6 > 4"),
        ("<p>it&#39;s</p>", "it's"),
        ("<p>one</p><p>two<br>three</p>", "one\n\ntwo\nthree"),
        ("a<br/>b<br />c", "a\nb\nc"),
        ("<ul><li>a</li><li>b</li></ul>", "a\nb"),
        ("<p>see <script>alert(1)</script><style>x{}</style>here</p>", "see here"),
        (
            '<a href="https://x.example/abc"><i class="invisible">https://</i><i>x.example/a</i><i>bc</i></a>',
            "https://x.example/abc",
        ),
        ('<p><a href="#">#<span>Hochwasser</span></a> jetzt</p>', "#Hochwasser jetzt"),
        ("<p>a\n  b\tc</p>", "a b c"),
        ("&lt;b&gt;", "<b>"),
        ("&amp;lt;", "&lt;"),
        ('<img alt=":feuer:" src="x"> brennt', ":feuer: brennt"),
        ("<p>unclosed <b>bold", "unclosed bold"),
        ("<!-- x --><p>y</p>", "y"),
        ("", ""),
        ("<p></p>", ""),
        ("<script>x</script>", ""),
        ("ä€😀<br>ü", "ä€😀\nü"),
        ("a\x00b<br>c", "ab\nc"),
    ],
)
def test_text_of_html(html: str, text: str) -> None:
    assert plain_text(html) == text


@given(st.text(alphabet="<>/!-&;# abp\"'=\n\x00ü\ud800", max_size=200))
def test_any_text_gives_a_text_without_tags(html: str) -> None:
    found = plain_text(html)
    assert found == found.strip()


@pytest.mark.parametrize("piece", ["<p>", "<b><i>", "<!--", "&#", "</div>", "<a b='", "<li>x"])
def test_it_takes_time_in_the_length_alone(piece: str) -> None:
    html = piece * 20_000
    began = time.thread_time()  # of the processor: others may have it meanwhile
    plain_text(html)
    assert time.thread_time() - began < 0.05 * max(1, len(html) / 1000)
