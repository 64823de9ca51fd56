"""Layer sources: what was accepted and refused, silence, clock skew; exact values."""

from msgspec.structs import replace

from layers import content as c
from layers.content import Tick
from layers.observation import Observation
from layers.picture import Picture
from layers.settings import PictureSettings
from layers.sources import LAGS
from layers.views import View
from tests.layers.world import at, entries, picture_of, properties, see

ID = "source:ngsi/leitstelle"


def test_a_source_tells_what_came_from_it() -> None:
    picture = picture_of(
        see("u", c.Unit(fms_status=2), 0),
        see("u", c.Unit(fms_status=3), 50, received=60),
        see("any", c.Refusal(count=3, reason="not JSON"), 70),
        see("any", c.Refusal(count=1, reason="older"), 65),
    )
    assert properties(picture, ID) == {
        "layer": "sources",
        "part": "source",
        "title": "ngsi/leitstelle",
        "rev": 4,
        "observed_at": "2026-11-21T19:00:50.000Z",
        "reported_at": "2026-11-21T19:01:00.000Z",
        "received_at": "2026-11-21T19:01:00.000Z",
        "stale_at": "2026-11-21T19:06:00.000Z",
        "expires_at": "2026-11-28T19:01:10.000Z",
        "sources": [{"id": "ngsi/leitstelle", "observed_at": "2026-11-21T19:00:50.000Z"}],
        "flags": [],
        "accuracy_m": None,
        "times": {},
        "feed": "ngsi",
        "instance": "leitstelle",
        "state": "live",
        "last_received_at": "2026-11-21T19:01:00.000Z",
        "last_observed_at": "2026-11-21T19:00:50.000Z",
        "accepted": 2,
        "refused": 4,
        "last_refusal": "not JSON",
        "refusal_why": {"code": "not_json"},
        "silent_since": None,
        "silence_after_s": 300.0,
        "skew_s": -10.0,
        **dict.fromkeys(("transport", "peer", "link_state", "link_since", "link_reason", "link_why", "next_try_at")),
    }
    assert picture.features[ID]["geometry"] is None


def test_a_connection_tells_how_it_stands_and_counts_as_no_word_of_its_source() -> None:
    lost = c.LinkState(transport="mqtt", state="lost", since=at(20), peer="b:1", reason="refused", next_try_at=at(25))
    picture = picture_of(see("any", c.LinkState(transport="mqtt", state="connecting", since=at(0)), 0))
    found = properties(picture, ID)
    assert (found["state"], found["link_state"], found["accepted"], found["last_received_at"]) == (
        *("silent", "connecting", 0, None),
    )
    changes = picture.apply_many(entries([see("any", lost, 20)], 2))
    assert changes.urgent
    assert not picture.apply_many(
        entries([see("any", replace(lost, reason="again", next_try_at=at(45)), 25)], 3)
    ).urgent
    picture.apply_many(entries([see("any", c.LinkState(transport="mqtt", state="connected", since=at(1)), 1)], 4))
    found = properties(picture, ID)
    assert {
        key: found[key] for key in ("transport", "peer", "link_state", "link_since", "link_reason", "next_try_at")
    } == {
        "transport": "mqtt",
        "peer": "b:1",
        "link_state": "lost",
        "link_since": "2026-11-21T19:00:20.000Z",
        "link_reason": "again",
        "next_try_at": "2026-11-21T19:00:45.000Z",
    }
    assert found["expires_at"] == "2026-11-28T19:00:25.000Z"
    for role in ("crew", "liaison"):
        shown = View(role).show(picture.features[ID], picture)
        assert shown is not None
        assert "peer" not in shown["properties"]
        assert "link_reason" not in shown["properties"]
        assert shown["properties"]["link_state"] == "lost"
    assert Picture.load(picture.dump(), picture.settings).digest() == picture.digest()


def test_who_answers_when_asked_is_not_silent_until_it_is_lost() -> None:
    def link(state: str, moment: int) -> Observation:
        return see("any", c.LinkState(transport="poll", state=state, since=at(moment)), moment)

    picture = picture_of(link("connected", 0))
    assert properties(picture, ID)["state"] == "live"
    picture.apply_many(entries([see("u", c.Unit(), 10), see("tick", Tick(), 400, source="desk")], 2))
    assert (properties(picture, ID)["state"], properties(picture, ID)["silent_since"]) == ("live", None)
    assert picture.apply_many(entries([link("lost", 500)], 4)).urgent
    assert (properties(picture, ID)["state"], properties(picture, ID)["silent_since"]) == (
        *("silent", "2026-11-21T19:05:10.000Z"),
    )
    picture.apply_many(entries([link("connected", 600)], 5))
    assert properties(picture, ID)["state"] == "live"


def test_a_source_falls_silent_by_time_alone_and_says_since_when() -> None:
    picture = picture_of(see("u", c.Unit(), 0))
    assert picture.next_due() == at(300)
    changes = picture.apply_many(entries([see("tick", Tick(), 300, source="desk")], 2))
    assert changes.urgent
    assert [feature["id"] for feature in changes.upsert] == [ID]
    assert (properties(picture, ID)["state"], properties(picture, ID)["silent_since"]) == (
        *("silent", "2026-11-21T19:05:00.000Z"),
    )
    assert "source:desk" not in picture.features, "our own ticks are no source"
    picture.apply_many(entries([see("u", c.Unit(), 400)], 3))
    assert (properties(picture, ID)["state"], properties(picture, ID)["silent_since"]) == ("live", None)


def test_the_longest_matching_pattern_decides_when_a_source_is_silent() -> None:
    settings = PictureSettings(silence_after_s={"*": 10, "ngsi/*": 20, "ngsi/leit*": 30, "cap/*": 0})
    assert settings.silence("mqtt/x") == 10
    assert settings.silence("ngsi/zaehler") == 20
    assert settings.silence("ngsi/leitstelle") == 30
    assert settings.silence("cap/dwd") is None
    assert settings.silence("report/hlf") is None, "people speak when they have something to say"
    assert PictureSettings().silence("ngsi/leitstelle") == 300


def test_a_source_of_which_everything_was_refused_is_silent() -> None:
    seen = properties(picture_of(see("any", c.Refusal(count=1, reason="no"), 0)), ID)
    assert (seen["state"], seen["silent_since"], seen["accepted"], seen["refused"]) == ("silent", None, 0, 1)
    assert seen["last_received_at"] is None


def test_skew_is_that_of_the_least_delayed_message() -> None:
    lags = [-5.0, -1.5, -30.0, 2.0, -4.0]
    said = [see("u", c.Unit(), 10 * n, reported_at=at(10 * n + lag)) for n, lag in enumerate(lags)]
    assert properties(picture_of(*said), ID)["skew_s"] == 2.0
    more = [see("u", c.Unit(), 100 + 10 * n, reported_at=at(100 + 10 * n - 7)) for n in range(LAGS)]
    assert properties(picture_of(*said, *more), ID)["skew_s"] == -7.0, "old ones are forgotten"


def test_a_source_without_times_of_its_own_has_no_known_skew() -> None:
    assert properties(picture_of(see("u", c.Unit(), 0)), ID)["skew_s"] is None


def test_a_corrected_clock_is_flagged() -> None:
    picture = picture_of(see("u", c.Unit(), 0, flags=("clock_ahead",)))
    assert properties(picture, ID)["flags"] == ["clock_ahead"]
    assert properties(picture, "u")["flags"] == ["clock_ahead"]


def test_a_source_is_forgotten_in_the_end() -> None:
    picture = picture_of(see("u", c.Unit(), 0))
    changes = picture.apply_many(entries([see("tick", Tick(), 7 * 86400, source="desk")], 2))
    assert ID in changes.remove
    assert picture.next_due() is None


def test_sources_are_bounded() -> None:
    settings = PictureSettings(max_sources=2)
    picture = picture_of(*(see("u", c.Unit(), n, source=f"ngsi/{n}") for n in range(4)), settings=settings)
    assert sorted(name for name in picture.features if name.startswith("source:")) == ["source:ngsi/0", "source:ngsi/1"]
    assert picture.book.dropped == {"source": 2}
