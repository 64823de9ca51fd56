"""Events of Cursor on Target for tests, and what they yield."""

from datetime import UTC, datetime, timedelta
from typing import Any

from layers.cot import Event, Node, xml
from layers.observation import Observation
from server.feeds import Decoded, feeds
from tests.feeds.frames import check, context

FEED = feeds()["cot"]
TIME = datetime(2026, 11, 21, 19, 58, tzinfo=UTC)


def event(kind: str = "a-f-G-U-C", *detail: Node, **more: Any) -> Event:
    """An event that was sent two minutes before it came."""
    given_ = {"uid": "U-1", "how": "m-g", "time": TIME, "start": TIME, "stale": TIME + timedelta(seconds=375)}
    return Event(type=kind, lat=51.83, lon=8.78, detail=detail, **{**given_, **more})


def decoded(*events: Event | bytes, **more: Any) -> Decoded:
    """What events yield."""
    body = b"".join(one if isinstance(one, bytes) else xml(one) for one in events)
    found = FEED.decode(body, context("cot", **more))
    check(found)
    return found


def only(*events: Event | bytes, **more: Any) -> Observation:
    """The only observation of them."""
    (observation,) = decoded(*events, **more).observations
    return observation
