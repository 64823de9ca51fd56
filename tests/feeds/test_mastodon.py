"""Mastodon: what is public is taken, edits replace, deletions take away, and nothing private is kept anywhere."""

import json
from typing import Any

import pytest

from layers.content import Post, Removal
from layers.observation import Entry, Observation
from layers.picture import Picture
from layers.settings import PictureSettings
from server.feeds import Decoded, DecodeError, feeds
from tests.feeds.frames import FRAMES, check, context

FEED = feeds()["mastodon"]


def status(**more: Any) -> dict[str, Any]:
    """A public status."""
    plain = {
        "id": "1001",
        "created_at": "2026-11-21T19:05:11.123Z",
        "edited_at": None,
        "visibility": "public",
        "content": "<p>Rauch</p>",
        "url": "https://social.example/@anna/1001",
        "reblog": None,
        "account": {"acct": "anna"},
    }
    return plain | more


def decoded(document: Any, **more: Any) -> Decoded:
    """What bytes, a text or a document yield."""
    body = document.encode() if isinstance(document, str) else document
    found = FEED.decode(body if isinstance(body, bytes) else json.dumps(body).encode(), context("mastodon", **more))
    check(found)
    return found


def one(document: Any, **more: Any) -> Observation:
    """The only observation."""
    (observation,) = decoded(document, **more).observations
    return observation


def post(document: Any, **more: Any) -> Post:
    """The only post."""
    content = one(document, **more).content
    assert isinstance(content, Post)
    return content


@pytest.mark.parametrize("visibility", ["private", "direct", "unlisted", "limited", None, 5])
def test_what_is_not_public_leaves_no_word_behind(visibility: Any) -> None:
    secret = status(visibility=visibility, content="<p>Geheimnis</p>", spoiler_text="Geheimnis")
    with pytest.raises(DecodeError) as refused:
        decoded(secret)
    assert "is not taken" in refused.value.reason
    beside = decoded([secret, status(), status(id="9", reblog={**secret, "id": "77"})])
    assert len(beside.observations) == 1
    assert len(beside.refused) == 2
    assert "Geheimnis" not in repr(beside)


def test_a_direct_message_of_a_stream_leaves_no_word_behind() -> None:
    stream = (FRAMES / "mastodon" / "stream.txt").read_bytes()
    assert "geheim" not in repr(decoded(stream))


SECRET = status(visibility="private", content="<p>Geheimnis</p>", id="5")


@pytest.mark.parametrize(
    "document",
    [
        SECRET,
        [status(), SECRET],
        status(reblog=SECRET),
        status(quote={"state": "accepted", "quoted_status": SECRET}),
        {"event": "update", "payload": json.dumps(SECRET)},
        {"event": "conversation", "payload": json.dumps({"last_status": {"content": "Geheimnis"}})},
        "".join(f"event: update\ndata: {json.dumps(one)}\n\n" for one in (SECRET, status()))
        + "event: delete\ndata: 7\n",
        "event: conversation\ndata: " + json.dumps({"last_status": {"content": "Geheimnis"}}),
        f"event: notification\ndata: {json.dumps({'type': 'mention', 'status': SECRET})}",
        json.dumps(SECRET)[:-20],
        json.dumps({"event": "update", "payload": json.dumps(SECRET)})[:-2],
        "event: update\ndata: " + json.dumps(SECRET)[:-20],
    ],
    ids=range(12),
)
def test_the_original_is_kept_without_what_is_private(document: Any) -> None:
    body = document.encode() if isinstance(document, str) else json.dumps(document).encode()
    assert FEED.clean is not None
    kept = FEED.clean(body)
    assert b"Geheimnis" not in kept
    assert FEED.clean(kept) == kept
    try:
        expected = decoded(body).observations
    except DecodeError:
        with pytest.raises(DecodeError):
            decoded(kept)
    else:
        assert decoded(kept).observations == expected


@pytest.mark.parametrize("name", ["timeline.json", "stream.txt", "socket.jsonl"])
def test_frames_are_the_same_after_cleaning(name: str) -> None:
    body = (FRAMES / "mastodon" / name).read_bytes()
    assert FEED.clean is not None
    assert decoded(FEED.clean(body)).observations == decoded(body).observations
    public = json.dumps([status()]).encode()
    assert FEED.clean(public) is public


@pytest.mark.parametrize(
    "document",
    [
        [status()],
        {"statuses": [status()], "accounts": [], "hashtags": []},
        {"ancestors": [], "descendants": [status()]},
        {"stream": ["public"], "event": "update", "payload": json.dumps(status())},
        {"event": "status.update", "payload": status()},
        status(id="7", reblog=status(), content="", visibility="public"),
        f"event: update\ndata: {json.dumps(status())}\n\n",
        f":)\r\n\r\nevent:update\r\ndata:{json.dumps(status())}\r\n\r\n:thump\r\n",
        f"\ufeffevent: update\rdata: {json.dumps(status())}",
        "data: {\ndata: }\n\nevent: update\n" + "".join(
            f"data: {line}\n" for line in json.dumps(status(), indent=1).splitlines()
        ),
        json.dumps(status()) + "\n" + json.dumps(status()),
    ],
    ids=range(11),
)  # fmt: skip
def test_a_status_is_the_same_in_every_packing(document: Any) -> None:
    assert one(document) == one(status())


def test_a_boost_counts_for_the_post_and_is_none_itself() -> None:
    observation = one(status(id="2002", content="", reblog=status(reblogs_count=7)))
    assert observation.subject == "mastodon:1001"
    assert isinstance(observation.content, Post)
    assert observation.content.virality == 7.0


def test_an_edit_replaces_the_post_and_a_deletion_takes_it_away() -> None:
    first = status(content="<p>eins</p>", media_attachments=[{"type": "image", "url": "https://f.example/1.jpg"}])
    edited = status(content="<p>zwei</p>", edited_at="2026-11-21T19:30:00Z")
    steps = [first, edited, first, "event: delete\ndata: 1001\n\n", edited]
    picture = Picture(PictureSettings())
    shown = []
    for seq, step in enumerate(steps, 1):
        picture.apply(Entry(seq=seq, observation=one(step)))
        feature = picture.features.get("mastodon:1001")
        shown.append(feature and (feature["properties"]["message"], feature["properties"]["image_urls"]))
    assert shown == [("eins", ["https://f.example/1.jpg"]), ("zwei", []), ("zwei", []), None, None]


def test_the_answer_to_a_deletion_is_a_deletion() -> None:
    answer = status(text="Rauch")
    for form in (answer, {name: value for name, value in answer.items() if name != "content"}):
        observation = one(form)
        assert (observation.subject, observation.content) == ("mastodon:1001", Removal())


@pytest.mark.parametrize("key", ['"1001"', " 1001 ", "1001"])
def test_a_deletion_names_the_id_alone(key: str) -> None:
    assert one(f"event: delete\ndata: {key}\n\n").subject == "mastodon:1001"


@pytest.mark.parametrize("key", ["", "x" * 100, "{}", "../1"])
def test_a_deletion_of_nothing_is_refused(key: str) -> None:
    with pytest.raises(DecodeError):
        decoded(f"event: delete\ndata: {key or ' '}\n\n")


def test_the_searches_of_a_source_are_those_of_its_posts() -> None:
    assert post(status()).search_ids == ()
    assert post(status(), options={"search_ids": ["306"]}).search_ids == ("306",)
    with pytest.raises(DecodeError):
        decoded(status(), options={"searches": []})


def test_what_is_attached_is_told_by_kind() -> None:
    media = [
        {"type": "image", "url": "https://f.example/1.jpg", "description": "Rauch"},
        {"type": "image", "url": None, "remote_url": "https://r.example/2.jpg"},
        {"type": "gifv", "url": "https://f.example/3.mp4"},
        {"type": "unknown", "url": "https://f.example/4"},
        {"type": "video", "url": "data:video/mp4;base64,AA"},
    ]
    found = decoded(status(media_attachments=media, tags=[{"name": "Brand"}]))
    (observation,) = found.observations
    assert isinstance(observation.content, Post)
    assert observation.content.image_urls == ("https://f.example/1.jpg", "https://r.example/2.jpg")
    assert observation.content.video_urls == ("https://f.example/3.mp4",)
    assert observation.extra == {"tags": ["Brand"], "media_descriptions": ["Rauch"]}
    assert [part.reason for part in found.refused] == ["url: no link (http, https, or a stream)"]


def test_telephone_numbers_and_addresses_in_a_post_are_blanked() -> None:
    found = post(status(content="<p>Ruft Tel. 05251 123456 oder wache@feuer.example an, @bob@andere.example</p>"))
    assert found.message == "Ruft Tel. *** oder ***@feuer.example an, @***@andere.example"


def test_a_long_post_is_cut_and_says_so() -> None:
    observation = one(status(content="<p>" + "Rauch " * 3_000 + "</p>"))
    assert isinstance(observation.content, Post)
    assert len(str(observation.content.message)) <= 8_000
    assert observation.flags == ("text_cut",)


@pytest.mark.parametrize(
    "quiet", ["[]", ":)\n:thump\n", '{"statuses": []}', "event: filters_changed\ndata: undefined\n\n"]
)
def test_a_quiet_stream_is_no_error(quiet: str) -> None:
    assert decoded(quiet) == Decoded()


@pytest.mark.parametrize(
    "document",
    [
        {"id": "117440810233042393", "following": False},
        {"domain": "social.example", "title": "Mastodon", "version": "4.7.3"},
        {"id": "1", "text": "source", "spoiler_text": ""},
        {"error": "This action requires authentication"},
        status(id=""),
        status(id={}),
        status(account="anna") | {"visibility": "private"},
        "Rauch über der Stadt",
        "event: surprise\ndata: 1\n\n",
        "event: update\ndata: {\n\n",
        "<html></html>",
    ],
    ids=str,
)
def test_what_is_no_status_is_refused(document: Any) -> None:
    with pytest.raises(DecodeError) as refused:
        decoded(document)
    assert refused.value.reason
