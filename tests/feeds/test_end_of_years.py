"""Times at both ends of what a time can be, as programs write what is never: no message ends of one."""

import contextlib
import re

import pytest

from server.feeds import DecodeError
from tests.feeds.frames import FRAMES
from tests.feeds.fuzz import in_time

TIME = re.compile(rb"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)?|\d\d\.\d\d\.\d{2,4}|Date\(\d+")
ENDS = (
    *(b"9999-12-31T23:59:59-14:00", b"9999-12-31T23:59:59Z", b"0001-01-01T00:00:00Z"),
    *(b"31.12.9999", b"01.01.0001", b"Date(253402300799000", b"Date(-62135596800000"),
)
NAMES = ("boswatch", "hystreet", "tetracontrol", "waip")


@pytest.mark.parametrize("feed", NAMES)
def test_each_time_of_a_frame(feed: str) -> None:
    tried = 0
    for frame in sorted((FRAMES / feed).glob("*")):
        body = frame.read_bytes()
        for found in TIME.finditer(body) if ".expected." not in frame.name else ():
            for end in ENDS:
                with contextlib.suppress(DecodeError):
                    in_time(feed, body[: found.start()] + end + body[found.end() :])
                tried += 1
    assert tried
