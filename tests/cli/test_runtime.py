"""What lies below: sockets, signals, the two async modes; and the form of the log."""

import io
import json
import logging
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator

import pytest

from server import logs, runtime

PROGRAM = """
import signal, time
from server import runtime
runtime.patch()
signals = runtime.Signals(signal.SIGTERM, signal.SIGUSR1)
def others():
    for _ in range(5):
        time.sleep(0.01)
    print("ready", flush=True)
runtime.spawn(others)
got = signals.wait()
print(got.name, runtime.is_green(), runtime.offload(sum, [1, 2]), flush=True)
"""


@pytest.mark.parametrize("mode", runtime.MODES)
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGUSR1])
def test_a_signal_wakes_the_main_task_while_others_run(mode: str, number: signal.Signals) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM],
        stdout=subprocess.PIPE,
        text=True,
        env={"LAGEBILD_ASYNC_MODE": mode, "PATH": "/bin"},
    )
    assert process.stdout is not None
    with process.stdout as out:
        assert out.readline() == "ready\n"
        assert process.poll() is None
        process.send_signal(number)
        assert out.readline() == f"{number.name} {mode == 'eventlet'} 3\n"
    assert process.wait(30) == 0


def test_a_mode_that_is_none_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAGEBILD_ASYNC_MODE", "gevent")
    with pytest.raises(ValueError, match="eventlet, threading"):
        runtime.mode()


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_accepted_connections_do_not_wait_for_more_bytes(host: str) -> None:
    listener = runtime.listen(host, 0)
    with listener, socket.create_connection(listener.getsockname()[:2], timeout=10):
        accepted, _ = listener.accept()
        with accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


@pytest.fixture(params=["json", "text"])
def written(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, io.StringIO]]:
    """The log in either form, caught."""
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    logs.setup("INFO", request.param)
    yield request.param, stream
    root.handlers[:] = before
    root.setLevel(level)


def test_lines_about_an_exercise_are_marked(written: tuple[str, io.StringIO]) -> None:
    form, stream = written
    log = logging.getLogger("lagebild.test")
    log.info("batch of %d", 3, extra={"situation": "live", "count": 3})
    log.warning("batch of %d", 4, extra={"situation": "ex-libori-1"})
    log.debug("not written")
    live, exercise = stream.getvalue().splitlines()
    if form == "text":
        assert live.endswith("INFO    lagebild.test: batch of 3")
        assert exercise.endswith("WARNING lagebild.test: ÜBUNG batch of 4")
        return
    first, second = json.loads(live), json.loads(exercise)
    assert {key: first[key] for key in ("level", "logger", "message", "situation", "count")} == {
        "level": "INFO",
        "logger": "lagebild.test",
        "message": "batch of 3",
        "situation": "live",
        "count": 3,
    }
    assert "exercise" not in first
    assert (second["exercise"], second["message"]) == (True, "ÜBUNG batch of 4")


def test_an_exception_stays_one_line(written: tuple[str, io.StringIO]) -> None:
    form, stream = written
    try:
        raise ValueError("zwei\nZeilen")
    except ValueError:
        logging.getLogger("lagebild.test").exception("failed")
    if form == "json":
        (line,) = stream.getvalue().splitlines()
        assert "ValueError: zwei\nZeilen" in json.loads(line)["exception"]
    else:
        assert "Traceback" in stream.getvalue()


def test_what_json_cannot_hold_is_written_as_text(written: tuple[str, io.StringIO]) -> None:
    form, stream = written
    logging.getLogger("lagebild.test").info("odd", extra={"thing": object()})
    if form == "json":
        assert json.loads(stream.getvalue())["thing"].startswith("<object object")
