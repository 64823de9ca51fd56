"""Mastodon: statuses of the REST API (one, a list, a search, a thread) and events of its streams.

A post is followed through its life: an edit replaces it, a deletion takes it away. Only what is public is taken.
Streams come as server-sent events (`event:`, `data:`; a deletion's data is the bare id) or, over WebSocket, as JSON
with a `payload`. Deletions name a status by its id alone, so the id is the key; it is that of the server we ask.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
from msgspec import Struct

from layers.content import Post, Removal
from server.feeds import INVALID, UNKNOWN_TYPE, Context, Decoded, DecodeError, Feed
from server.feeds._batch import Batch, Fields, settings, subject
from server.feeds._documents import documents
from server.feeds._html import plain_text
from server.feeds._json import load
from server.feeds._secrets import clean, openings
from server.feeds.mastodon.events import MAX_BYTES, events, is_stream
from server.feeds.mastodon.private import who, without_private
from server.feeds.ngsi.values import Bad, Reading, name, number, text, time, url

NAME = "mastodon"
REPEAT_S = 600
"""A deletion has no time: one that comes again within so long is the same."""
POSTED = ("update", "status.update")
PASSED_OVER = frozenset(
    {
        *("notification", "filters_changed", "announcement", "announcement.reaction", "announcement.delete"),
        *("encrypted_message", "notifications_merged"),
    }
)
"""Events of a stream that are no posts."""
PICTURES, FILMS = ("image",), ("video", "gifv")
_ID = re.compile(r"[\w-]{1,64}", re.ASCII)


class SocialOptions(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settings of a source of posts."""

    search_ids: tuple[str, ...] = ()
    """The searches that this source stands for (a hashtag's time line, a feed): rules count posts by them."""


def decode(body: bytes, context: Context) -> Decoded:
    """Posts and their withdrawals. Raises DecodeError where there is nothing of Mastodon in it."""
    batch, options = Batch(context), settings(context, SocialOptions)
    if stream := is_stream(body):
        for event, data in events(body):
            _event(event, data, batch, options)
    else:
        found = documents(body, msgspec.structs.replace(context.limits, body_bytes=MAX_BYTES))
        batch.refused.extend(found.refused)
        stream = found.found in ([[]], [{"statuses": []}])
        for document in found.found:
            for item in _statuses(document):
                _item(item, batch, options)
    decoded = batch.decoded()
    if not decoded.observations and len(decoded.refused) == 1:
        raise DecodeError(decoded.refused[0].reason, INVALID)
    if not decoded.observations and not decoded.refused and not stream:
        raise DecodeError("no status of Mastodon in the message", INVALID)
    return decoded


def _statuses(document: Any) -> Iterator[Any]:
    """The statuses of a document: of a list, a search, a thread, or the one it is."""
    if isinstance(document, list):
        yield from document
    elif isinstance(document, Mapping) and isinstance(document.get("statuses"), list):
        yield from document["statuses"]
    elif isinstance(document, Mapping) and isinstance(document.get("descendants"), list):
        ancestors = document.get("ancestors")
        yield from [*(ancestors if isinstance(ancestors, list) else []), *document["descendants"]]
    else:
        yield document


def _item(item: Any, batch: Batch, options: SocialOptions) -> None:
    if isinstance(item, Mapping) and isinstance(item.get("event"), str) and "payload" in item:
        payload = item["payload"]
        data = payload if isinstance(payload, str) else msgspec.json.encode(payload).decode()
        _event(item["event"], data, batch, options)
    else:
        _status(item, batch, options)


def _event(event: str, data: str, batch: Batch, options: SocialOptions) -> None:
    if event in POSTED:
        try:
            status = load(data.encode("utf-8", "replace"), batch.context.limits)
        except DecodeError as error:
            batch.refuse(f"{event}: {error.reason}", kind=error.kind)
        else:
            _status(status, batch, options)
    elif event == "delete":
        _withdraw(data.strip().strip('"'), batch)
    elif event == "conversation":
        batch.refuse("a direct message is not taken")
    elif event not in PASSED_OVER:
        batch.refuse(f"unknown event {event[:40]!r}", kind=UNKNOWN_TYPE)


def _withdraw(key: str, batch: Batch) -> None:
    if not _ID.fullmatch(key):
        batch.refuse("a deletion names a status by its id", key[:100])
    else:
        batch.claim(subject(NAME, key), Removal(), at=None, every_s=REPEAT_S)


def _status(status: Any, batch: Batch, options: SocialOptions) -> None:
    """A post. What somebody boosts is the post itself; the answer to a deletion carries `text` and is one."""
    if not isinstance(status, Mapping) or "account" not in status or not {"content", "text"} & status.keys():
        batch.refuse("no status of Mastodon", who(status))
        return
    if isinstance(status.get("reblog"), Mapping):
        _status({**status["reblog"], "reblog": None}, batch, options)
        return
    key = status.get("id")
    if not isinstance(key, str | int) or not _ID.fullmatch(str(key)):
        batch.refuse("a status has an id", who(status))
    elif status.get("visibility") != "public":
        batch.refuse(f"a status of visibility {status.get('visibility')!s:.20} is not taken", who(status))
    elif isinstance(status.get("text"), str):
        _withdraw(str(key), batch)
    else:
        _post(batch.fields(status, subject(NAME, str(key))), batch, options)


def _post(status: Fields, batch: Batch, options: SocialOptions) -> None:
    created_at, edited_at = status.said("created_at", time), status.said("edited_at", time)
    media = status.each("media_attachments")
    boosts = status.said("reblogs_count", number)
    content = Post(
        message=status.said("content", html),
        snippet=status.said("spoiler_text", html),
        network=NAME,
        issued_at=created_at,
        author=status.inner("account").said("acct|username", name),
        image_urls=_links(media, PICTURES),
        video_urls=_links(media, FILMS),
        places=(),
        search_ids=options.search_ids,
        virality=boosts,
        url=status.said("url|uri", url),
    )
    extra = {
        "uri": status.said("uri", name),
        "language": status.said("language", name),
        "edited_at": None if edited_at is None else edited_at.isoformat(),
        "sensitive": status.raw.get("sensitive") is True or None,
        "bot": status.inner("account").raw.get("bot") is True or None,
        "in_reply_to_id": status.said("in_reply_to_id", name),
        "tags": [found for tag in status.each("tags") if (found := tag.said("name", name))],
        "poll": [found for option in status.inner("poll").each("options") if (found := option.said("title"))],
        "media_descriptions": [found for each in media if (found := each.said("description"))],
    }
    batch.claim(str(status.of), content, at=edited_at or created_at, flags=status.flags, extra=extra)


def _links(media: list[Fields], kinds: tuple[str, ...]) -> tuple[str, ...]:
    found = (each.said("url|remote_url", url) for each in media if each.raw.get("type") in kinds)
    return tuple(link for link in found if link is not None)


def html(value: Any, reading: Reading) -> str | None:
    """The text of an HTML fragment without telephone numbers and addresses, cut at the limit of texts (flagged)."""
    if not isinstance(value, str):
        raise Bad("text is expected")
    most = reading.context.limits.text_chars
    found = clean(plain_text(value).encode()).decode()
    if len(found) > most:
        reading.flags.add("text_cut")
        found = found[: most - 2] + " …"
    return text(found, reading)


FEED = Feed(
    name=NAME,
    title="Mastodon: statuses (REST) and streams (server-sent events, WebSocket); edits and deletions",
    decode=decode,
    max_bytes=MAX_BYTES,
    clean=lambda body: openings(without_private(body)),
    options=SocialOptions,
)
