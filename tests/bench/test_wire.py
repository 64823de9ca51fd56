"""First figures of the wire: from an HTTP request to every client, bytes per client, observations per second."""

import threading
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.bench.swarm import Swarm, quantile, table
from tests.server import Server, wait_until
from tests.sync.test_wire import point

pytestmark = [pytest.mark.bench, pytest.mark.timeout(600)]

CLIENTS = 50
UNITS = 20


def post(session: requests.Session, server: Server, entities: list[dict[str, Any]]) -> None:
    """One update that must be taken."""
    response = session.post(
        f"{server.url}/v2/op/update", json={"actionType": "append", "entities": entities}, timeout=60
    )
    assert response.status_code == 204, response.text


def feed_session(server: Server) -> requests.Session:
    """A sender with a connection of its own."""
    session = requests.Session()
    session.headers["X-Auth-Token"] = server.token("feed", "bench")
    return session


def place(number: int) -> dict[str, Any]:
    """A position that tells its number."""
    return point(8.0 + number / 100_000, 51.8)


@pytest.mark.parametrize("mode", ["eventlet", "threading"])
def test_latency(tmp_path: Path, capsys: pytest.CaptureFixture[str], mode: str) -> None:
    """From before the request to after the arrival at each of 50 clients, 20 updates a second."""
    with Server(tmp_path, LAGEBILD_ASYNC_MODE=mode) as server:
        session, control = feed_session(server), server.token("control")
        sent: dict[int, float] = {}
        heard: dict[int, list[float]] = defaultdict(list)

        def seen(delta: dict[str, Any], at: float) -> None:
            for item in [*delta["upsert"], *delta["patch"]]:
                if item["id"].startswith("bench:") and item.get("geometry"):
                    heard[round((item["geometry"]["coordinates"][0] - 8.0) * 100_000)].append(at)

        figures = []
        with Swarm(server.url, CLIENTS, seen, token=control):
            for kind, count in (("EmergencyVehicle", 400), ("Alert", 100)):
                numbers = range(len(sent), len(sent) + count)
                for number in numbers:
                    sent[number] = time.monotonic()
                    name = f"bench:{kind}:{number % UNITS if kind == 'EmergencyVehicle' else number}"
                    post(session, server, [{"id": name, "type": kind, "location": place(number)}])
                    time.sleep(max(0.0, sent[number] + 0.05 - time.monotonic()))
                wait_until(lambda last=numbers[-1]: len(heard[last]) == CLIENTS, "the last update everywhere")  # type: ignore[misc]
                delays = [at - sent[number] for number in numbers for at in heard[number]]
                urgent = "at once (new missions)" if kind == "Alert" else "gathered 250 ms (positions)"
                row = [f"{quantile(delays, share) * 1000:.0f} ms" for share in (0.5, 0.9, 0.99, 1.0)]
                figures.append((mode, urgent, len(delays), *row))
        with capsys.disabled():
            head = ("mode", "changes", "arrivals", "p50", "p90", "p99", "max")
            print(table(f"From request to client, {CLIENTS} clients, 20 updates/s", head, figures))


def test_bytes_per_client(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A minute of Libori at its height, in real time, by role and encoding."""
    with Server(tmp_path, "--demo", "libori") as server:
        wait_until(lambda: len(server.lines) >= 7, "the exercise")
        planner, exercise = server.token("planner"), "ex-libori-1"
        found = next(s for s in server.get("/situations", planner)["situations"] if s["id"] == exercise)
        starts_at = found["starts_at"]
        to = starts_at.replace("T" + starts_at[11:13], f"T{int(starts_at[11:13]) + 1:02d}")
        jump = server.request("POST", f"/situations/{exercise}/clock", planner, json={"action": "jump", "to": to})
        assert jump.status_code == 200, jump.text
        unit = next(s for s in server.get("/scenarios", planner)["scenarios"] if s["name"] == "libori")["units"][0]
        tokens = {
            "control": server.token("control"),
            "liaison": server.token("liaison"),
            "crew": server.token("crew", "HLF", "--unit", unit, "--situation", exercise),
        }
        measured: dict[tuple[str, str], tuple[int, int, int]] = {}
        swarms = {
            (role, encoding): Swarm(server.url, 1, token=token, situation=exercise, encoding=encoding)
            for role, token in tokens.items()
            for encoding in ("json", "json+zlib")
        }
        for swarm in swarms.values():
            swarm.__enter__()
        before = {key: swarm.watchers[0].bytes for key, swarm in swarms.items()}
        time.sleep(60)
        for key, swarm in swarms.items():
            watcher = swarm.watchers[0]
            measured[key] = (watcher.full_bytes, watcher.bytes - before[key], watcher.deltas)
            swarm.__exit__(None, None, None)
        rows = []
        for role in tokens:
            plain, packed = measured[role, "json"], measured[role, "json+zlib"]
            assert packed[1] < plain[1]
            rows.append(
                (
                    role,
                    f"{plain[0] / 1000:.0f} kB",
                    f"{packed[0] / 1000:.0f} kB",
                    f"{plain[0] / packed[0]:.1f}",
                    f"{plain[1] / 1000:.0f} kB",
                    f"{packed[1] / 1000:.0f} kB",
                    f"{plain[1] / packed[1]:.1f}",
                    plain[2],
                )
            )
        with capsys.disabled():
            head = ("role", "full json", "full zlib", "ratio", "a minute json", "a minute zlib", "ratio", "deltas")
            print(table("Bytes per client: Libori, one hour in, one minute at 1x", head, rows))


@pytest.mark.parametrize("mode", ["eventlet", "threading"])
def test_observations_per_second(tmp_path: Path, capsys: pytest.CaptureFixture[str], mode: str) -> None:
    """Over HTTP through the whole path, durable and in the picture: by size of message, with and without clients."""
    rows = []
    with Server(tmp_path, LAGEBILD_ASYNC_MODE=mode) as server:
        control = server.token("control")
        for size in (1, 10, 100):
            for clients in (0, CLIENTS):
                with Swarm(server.url, clients, token=control):
                    rate, requests_per_s = throughput(server, size, seconds=8.0)
                rows.append((mode, size, clients, f"{rate:.0f}", f"{requests_per_s:.0f}"))
        metrics = server.request("GET", "/metrics", server.token("admin")).text
        appended = {
            line.split("{")[0]: float(line.rsplit(" ", 1)[1])
            for line in metrics.splitlines()
            if line.startswith("lagebild_desk_") and 'situation="live"' in line
        }
    per = 1e6 / appended["lagebild_desk_accepted_total"]
    with capsys.disabled():
        head = ("mode", "observations per message", "clients", "observations/s", "requests/s")
        print(table("Through the whole path, 4 senders", head, rows))
        print(
            f"append {appended['lagebild_desk_append_seconds_total'] * per:.0f} µs, apply "
            f"{appended['lagebild_desk_apply_seconds_total'] * per:.0f} µs per observation; "
            f"{appended['lagebild_desk_accepted_total'] / appended['lagebild_desk_batches_total']:.1f} per append"
        )


def throughput(server: Server, size: int, seconds: float, senders: int = 4) -> tuple[float, float]:
    """Observations and requests per second that four senders get through."""
    counts = [0] * senders
    sessions = [feed_session(server) for _ in range(senders)]
    until = time.monotonic() + seconds

    def send(sender: int) -> None:
        step = 0
        while time.monotonic() < until:
            step += 1
            entities = [
                {"id": f"bench:{sender}:{n}", "type": "EmergencyVehicle", "location": place(step)} for n in range(size)
            ]
            post(sessions[sender], server, entities)
            counts[sender] += 1

    began = time.monotonic()
    threads = [threading.Thread(target=send, args=(sender,)) for sender in range(senders)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took = time.monotonic() - began
    for session in sessions:
        session.close()
    return sum(counts) * size / took, sum(counts) / took
