"""Social media: samples/social."""

from typing import Any

from tests.field.ledger import Reference, Sample


def recording(name: str, way: str, says: dict[str, Any], **more: Any) -> Sample:
    """What a recorder kept of the talk between a client and a server."""
    told = {f"mastodon:{key}": said for key, said in says.items()}
    return Sample(path=f"social/mastodon/test_{name}.yaml", feed="mastodon", way=way, says=told, **more)


SAMPLES = (
    recording(
        "entity_status", "poll",
        {
            "110446223051565765": {
                "observed_at": "2023-05-28T12:09:44.000Z", "issued_at": "2023-05-28T12:06:50.000Z",
                "snippet": "test post for mastodon.py stuff", "network": "mastodon",
                "virality": 0.0,
            },
            "110446183735368325": {
                "observed_at": "2023-05-28T12:21:32.698Z", "issued_at": "2023-05-28T11:57:00.378Z",
                "message": "test?", "network": "mastodon",
            },
        },
        accepted=2, features=2,
    ),
    recording(
        "entity_mediaattachment", "poll", {}, accepted=0, features=0, refused=2,
        reason="a status of visibility private is not taken",
    ),
    recording(
        "stream_user_local", "socket api/v1/streaming",
        {
            "117440838331817220": {
                "message": "it's cool guy", "author": "mastodonpy_test", "issued_at": "2026-10-14T19:09:39.429Z",
                "url": "http://localhost:3000/@mastodonpy_test/117440838331817220",
            }
        },
    ),
    recording(
        "status_edit", "push",
        {
            "117440831413709748": {
                "observed_at": "2026-10-14T19:07:53.998Z", "issued_at": "2026-10-14T19:07:53.867Z",
                "message": "the best editor? why, of course it is the KDE Advanced Text Editor, Kate",
            }
        },
        accepted=2,
    ),
    recording(
        "public_tl", "push",
        {
            "117440826224869303": {"message": "nice", "author": "admin", "issued_at": "2026-10-14T19:06:34.691Z"},
            "117440836352858104": {"message": "@mastodonpy_test beep beep I'm a jeep"},
        },
        accepted=9, features=7, turn=1, gone=("mastodon:117440841341935157",),
    ),
)  # fmt: skip
REFERENCES: tuple[Reference, ...] = ()
