"""The app without its window against the real server: cursor, lost networks, lost answers, restarts, refusals."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from mobile import session
from mobile.cab import Cab
from mobile.mailbox import Connection
from mobile.outbox import State
from tests.mobile.exercise import DRIVING, MISSION, SITUATION, UNIT, Exercise, app_link
from tests.mobile.network import Network
from tests.server import Server, wait_until


@contextmanager
def cab_in(folder: Path, signed_in: session.Session | None = None) -> Iterator[Cab]:
    """A cab, started; closed at the end."""
    cab = Cab(folder)
    try:
        if signed_in:
            cab.sign_in(signed_in)
        else:
            cab.start()
        yield cab
    finally:
        cab.close()


def heard(cab: Cab, connection: Connection) -> bool:
    cab.poll()
    return cab.snapshot.connection is connection


def connected(cab: Cab) -> Cab:
    """Wait until the cab has the picture."""
    wait_until(lambda: heard(cab, Connection.CONNECTED) and cab.snapshot.rev > 0, "the picture")
    return cab


def answered(cab: Cab) -> bool:
    cab.poll()
    return cab.outbox.waiting() == 0


def signed_in(exercise: Exercise, network: Network) -> session.Session:
    return session.sign_in_by_token(network.url, exercise.crew(), SITUATION)


def test_a_link_signs_in_once_and_only_once(server: Server, folder: Path) -> None:
    link = session.parse_link(app_link(server.data))
    mine = session.sign_in_by_link(link)
    assert (mine.role, mine.unit, mine.situation) == ("crew", UNIT, SITUATION)
    with pytest.raises(session.SignInError) as problem:
        session.sign_in_by_link(link)
    assert problem.value.reason == "code"
    with cab_in(folder, mine) as cab:
        connected(cab)
        assert cab.snapshot.exercise
        assert cab.snapshot.hello["unit"] == UNIT
    assert session.load(folder) == mine


def test_wrong_tokens_and_dead_servers_are_told_apart(server: Server) -> None:
    for url, reason in ((server.url, "token"), ("http://127.0.0.1:9", "network"), ("nowhere at all", "link")):
        with pytest.raises(session.SignInError) as problem:
            session.sign_in_by_token(url, "wrong")
        assert problem.value.reason == reason


def test_the_last_picture_is_there_without_a_network_and_goes_on_from_its_cursor(
    exercise: Exercise, network: Network, folder: Path
) -> None:
    exercise.play(DRIVING)
    with cab_in(folder, signed_in(exercise, network)) as cab:
        before = dict(connected(cab).snapshot.features)
        wait_until(lambda: cab.poll() or cab.shelf.packs, "the map")
        rev = cab.snapshot.rev
        assert MISSION in before
    network.cut()
    with cab_in(folder) as cab:
        assert cab.snapshot.features == before  # at once, before anything was heard
        assert (cab.snapshot.rev, cab.clock.confirmed) == (rev, False)
        assert cab.shelf.tile(15, 17183, 10848) is not None
        wait_until(lambda: heard(cab, Connection.OFFLINE), "the cab to notice")
        exercise.clock("jump", to="2026-09-12T19:44:00Z")  # the server goes on meanwhile
        network.restore()
        connected(cab)
        wait_until(lambda: cab.poll() is False and cab.snapshot.rev > rev, "the rest of the picture")
        assert cab.clock.confirmed


def test_a_cut_network_costs_a_delta_not_the_picture(exercise: Exercise, network: Network, folder: Path) -> None:
    exercise.play(DRIVING)
    with cab_in(folder, signed_in(exercise, network)) as cab:
        connected(cab)
        epoch, kept = cab.snapshot.epoch, cab.snapshot.features["card:" + MISSION]
        for _ in range(3):
            network.cut()
            wait_until(lambda: heard(cab, Connection.OFFLINE), "the cab to notice")
            assert cab.snapshot.offline_since is not None
            network.restore()
            connected(cab)
        # The same objects: nothing was sent again that the tablet had.
        assert cab.snapshot.epoch == epoch
        assert cab.snapshot.features["card:" + MISSION] is kept


def test_what_was_said_without_a_network_arrives_once(exercise: Exercise, network: Network, folder: Path) -> None:
    exercise.play(DRIVING)
    with cab_in(folder, signed_in(exercise, network)) as cab:
        connected(cab)
        network.cut()
        wait_until(lambda: heard(cab, Connection.OFFLINE), "the cab to notice")
        for digit in (4, 7, 8):
            cab.press(digit)
        cab.note("Zwei Verletzte")
        assert cab.outbox.waiting() == 4
    with cab_in(folder) as cab:  # the app was closed meanwhile
        assert cab.outbox.waiting() == 4
        network.restore()
        wait_until(lambda: answered(cab), "every answer")
        states = {item.state for item in cab.outbox.recent()}
        assert states == {State.ACKNOWLEDGED}
    assert exercise.reports() == {
        "unit_status 4": 1,
        "unit_status 7": 1,
        "unit_status 8": 1,
        "note Zwei Verletzte": 1,
    }
    assert exercise.unit()["fms_status"] == 8


def test_a_lost_answer_does_not_make_it_twice(exercise: Exercise, network: Network, folder: Path) -> None:
    exercise.play(DRIVING)
    with cab_in(folder, signed_in(exercise, network)) as cab:
        connected(cab)
        network.deafen()
        item = cab.press(4)
        wait_until(lambda: exercise.reports()["unit_status 4"], "the server to have it")
        network.restore()
        wait_until(lambda: answered(cab), "the answer to the second try")
        kept = cab.outbox.item(item.client_seq)
        assert kept is not None
        assert kept.attempts >= 2
        assert kept.state is State.ACKNOWLEDGED
    assert exercise.reports()["unit_status 4"] == 1


def test_the_server_dies_and_comes_back(tmp_path: Path, folder: Path) -> None:
    server = Server(tmp_path / "server", "--demo", "hausbrand")
    with server:
        wait_until(lambda: any("crew app" in line for line in server.lines), "the demo to be ready")
        exercise = Exercise(server)
        exercise.play(DRIVING)
        with Network(server.url) as network, cab_in(folder, signed_in(exercise, network)) as cab:
            connected(cab)
            epoch = cab.snapshot.epoch
            server.kill()
            wait_until(lambda: heard(cab, Connection.OFFLINE), "the cab to notice")
            cab.press(4)
            server.start()
            network.to(server.url)
            wait_until(lambda: answered(cab), "the answer")
            connected(cab)
            assert cab.snapshot.epoch == epoch
            wait_until(lambda: cab.poll() is False and cab.status() == 4, "the status in the picture")
            assert exercise.reports()["unit_status 4"] == 1


def test_a_report_that_is_not_ours_to_make_is_refused_and_kept(
    exercise: Exercise, network: Network, folder: Path
) -> None:
    exercise.play(DRIVING)
    with cab_in(folder, signed_in(exercise, network)) as cab:
        connected(cab)
        item = cab.outbox.put(
            "unit_status", SITUATION, cab.snapshot.epoch, "2026-09-12T19:43:31Z", "", unit="urn:other", fms_status=6
        )
        after = cab.press(4)
        wait_until(lambda: answered(cab), "both answers")
        refused, accepted = cab.outbox.item(item.client_seq), cab.outbox.item(after.client_seq)
        assert refused is not None
        assert accepted is not None
        assert (refused.state, accepted.state) == (State.REFUSED, State.ACKNOWLEDGED)
        assert refused.answer == "not_allowed"
    assert exercise.reports() == {"unit_status 4": 1}


def test_an_exercise_begun_anew_brings_a_new_picture_and_no_old_reports(
    exercise: Exercise, network: Network, folder: Path
) -> None:
    exercise.play(DRIVING)
    with cab_in(folder, signed_in(exercise, network)) as cab:
        epoch = connected(cab).snapshot.epoch
        network.cut()
        wait_until(lambda: heard(cab, Connection.OFFLINE), "the cab to notice")
        cab.press(4)
        exercise.clock("jump", to="2026-09-12T19:40:05Z")
        network.restore()
        wait_until(lambda: cab.poll() is False and cab.snapshot.epoch not in ("", epoch), "the new take")
        try:
            wait_until(
                lambda: cab.poll() is False and MISSION not in cab.snapshot.features and cab.snapshot.rev,
                "a picture without the mission",
            )
        except AssertionError as problem:
            told, there = cab.snapshot, sorted(exercise.picture())
            raise AssertionError(
                f"{problem}: {told.connection} at {told.rev} of {told.epoch} with {sorted(told.features)[:20]}, "
                f"{cab.clock.now()}; the server has {told.hello} {there[:20]}"
            ) from None
        (kept,) = cab.outbox.recent()
        assert (kept.state, kept.answer) == (State.REFUSED, "epoch")
    assert exercise.reports() == {}


def test_a_revoked_token_is_said_and_the_picture_stays(
    server: Server, exercise: Exercise, network: Network, folder: Path
) -> None:
    mine = signed_in(exercise, network)
    admin = server.token("admin", "Betrieb")
    with cab_in(folder, mine) as cab:
        connected(cab)
        shown = len(cab.snapshot.features)
        rows = server.get("/tokens", admin)["tokens"]
        (row,) = [row for row in rows if row["name"] == mine.name]
        assert server.request("DELETE", f"/tokens/{row['id']}", admin).status_code == 204
        wait_until(lambda: heard(cab, Connection.REFUSED), "the refusal")
        assert cab.snapshot.refusal == "unauthorized"
        assert len(cab.snapshot.features) == shown


def test_a_position_is_reported_when_it_moves_and_once_a_minute(
    exercise: Exercise, network: Network, folder: Path
) -> None:
    exercise.play(DRIVING)
    with cab_in(folder, signed_in(exercise, network)) as cab:
        connected(cab)
        exercise.clock("resume")
        assert cab.at((8.7800, 51.8310)) is not None
        assert cab.at((8.7900, 51.8310)) is None  # not ten seconds later
        wait_until(lambda: answered(cab), "the answer")
        assert cab.here() == (8.79, 51.831)
        assert exercise.reports()["position None"] == 1


def test_another_crew_on_the_tablet_sends_nothing_of_the_first(
    exercise: Exercise, network: Network, folder: Path
) -> None:
    exercise.play(DRIVING)
    with cab_in(folder, signed_in(exercise, network)) as cab:
        connected(cab)
        network.cut()
        wait_until(lambda: heard(cab, Connection.OFFLINE), "the cab to notice")
        cab.note("von der ersten Besatzung")
        cab.sign_out()
        assert cab.store.load_picture(SITUATION) is None
        network.restore()
        cab.sign_in(signed_in(exercise, network))
        connected(cab)
        (kept,) = cab.outbox.recent()
        assert (kept.state, kept.answer) == (State.REFUSED, "identity")
    assert exercise.reports() == {}
