"""What the tests of the dispatch feeds share: decode a document, pick contents, look for what must not be kept."""

import json
from typing import Any

from layers.content import Mission, Note, Unit
from layers.observation import Observation, encode
from server.feeds import Decoded, feeds
from tests.feeds.frames import check, context


def decoded(feed: str, body: Any, **more: Any) -> Decoded:
    """What the feed makes of a body: bytes, or a document to be written as JSON."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    found = feeds()[feed].decode(raw, context(feed, **more))
    check(found)
    return found


def of(found: Decoded, subject: str) -> list[Observation]:
    """The observations about a subject, `<feed>:` may be left out."""
    return [each for each in found.observations if subject in (each.subject, each.subject.partition(":")[2])]


def mission(found: Decoded) -> Mission:
    """The only mission."""
    (content,) = (each.content for each in found.observations if isinstance(each.content, Mission))
    return content


def units(found: Decoded) -> list[Unit]:
    """Every unit, in order."""
    return [each.content for each in found.observations if isinstance(each.content, Unit)]


def notes(found: Decoded) -> list[Note]:
    """Every note, in order."""
    return [each.content for each in found.observations if isinstance(each.content, Note)]


def reasons(found: Decoded) -> list[str]:
    """Why parts were refused."""
    return [part.reason for part in found.refused]


def never_said(found: Decoded, *secrets: str) -> None:
    """None of the secrets is in anything that is kept."""
    kept = b"".join(encode(each) for each in found.observations).decode() + repr(found.refused)
    assert [secret for secret in secrets if secret in kept] == []


def cleaned_says_the_same(feed: str, body: bytes, *secrets: str) -> None:
    """What may be kept of the body holds no secret, is its own clean form, and decodes to the same."""
    clean = feeds()[feed].clean
    assert clean is not None
    kept = clean(body)
    assert [secret for secret in secrets if secret.encode() in kept] == []
    assert clean(kept) == kept
    assert decoded(feed, kept) == decoded(feed, body)
