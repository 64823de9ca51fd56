"""TLS to somebody else's TAK server (taky): its authority, our certificate, the name of its host, its return."""

import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from layers.cot import xml
from layers.reasons import why
from server.tak.guest import control
from server.transports.supervisor import Runner
from tests.server import wait_until
from tests.tak.conftest import UNIT, Station
from tests.tak.peers import Taky
from tests.tak.tools import Certificates, Tak
from tests.transports.links import Desk, running

SAYS = xml(control("a-f-G-U-C", uid="NACHBAR-TLS")).replace(b'lat="0.0" lon="0.0"', b'lat="51.86" lon="8.81"')


class Neighbour:
    """taky behind TLS: who connects must show a certificate of its authority."""

    def __init__(self, folder: Path) -> None:
        self.certificates = Certificates(folder)
        self.served, self.ours = self.certificates.make("taky"), self.certificates.make("lagebild")
        self.taky = Taky(folder / "taky", (self.certificates.ca, *self.served[:2]))

    def settings(self, **more: Any) -> dict[str, Any]:
        """How we connect, all right."""
        return {
            "transport": "cot_client",
            "host": "127.0.0.1",
            "port": self.taky.port,
            "tls": True,
            "ca_file": str(self.certificates.ca),
            "cert_file": str(self.ours[0]),
            "key_file": str(self.ours[1]),
            "server_name": "localhost",
            **more,
        }

    def client(self) -> Tak:
        """Somebody else who is connected there."""
        context = ssl.create_default_context(cafile=str(self.certificates.ca))
        context.load_cert_chain(*self.ours[:2])
        return Tak(self.taky.port, tls=context)

    def says_until(self, desk: Desk) -> None:
        """Somebody there speaks until we have heard him."""
        desk.taken.clear()
        with self.client() as other:

            def heard() -> bool:
                other.send(SAYS)
                other.read(0.05)
                return any(b"NACHBAR-TLS" in body for body in desk.bodies)

            wait_until(heard, "what is said there")


@pytest.fixture(scope="module")
def neighbour(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Neighbour]:
    made = Neighbour(tmp_path_factory.mktemp("tls"))
    with made.taky:
        yield made


def code(runner: Runner) -> str | None:
    """Why the connection is lost, None while it is not."""
    return (why(runner.state.reason) or {}).get("code") if runner.state.state == "lost" else None


def test_with_the_right_certificates_and_again_after_the_server_was_away(neighbour: Neighbour) -> None:
    desk = Desk()
    with running("cot/nachbar", desk, **neighbour.settings()) as runner:
        neighbour.says_until(desk)
        assert (runner.state.state, runner.state.peer) == ("connected", f"tls 127.0.0.1:{neighbour.taky.port}")
        neighbour.taky.stop()
        assert wait_until(lambda: code(runner), "the loss") in ("closed", "peer_refused", "not_known_there")
        neighbour.taky.start()
        wait_until(lambda: runner.state.state == "connected", "the return")
        neighbour.says_until(desk)
        assert runner.stats.losses >= 1


OURS = ("name", "authority")
"""What we refuse ourselves; the rest taky refuses."""


@pytest.mark.parametrize("wrong", ["name", "authority", "no certificate", "foreign certificate"])
def test_with_anything_wrong_nothing_is_heard_and_nothing_said(
    neighbour: Neighbour, wrong: str, tmp_path: Path
) -> None:
    stranger = Certificates(tmp_path)
    theirs = stranger.make("lagebild")
    changed: dict[str, dict[str, Any]] = {
        "name": {"server_name": None},  # the certificate speaks of localhost, we connect to 127.0.0.1
        "authority": {"ca_file": str(stranger.ca)},
        "no certificate": {"cert_file": None, "key_file": None},
        "foreign certificate": {"cert_file": str(theirs[0]), "key_file": str(theirs[1])},
    }
    settings = neighbour.settings(**changed[wrong])
    desk = Desk()
    with running("cot/nachbar", desk, **settings) as runner:
        found = wait_until(lambda: code(runner), "the refusal")
        wait_until(lambda: runner.stats.losses >= 2, "another try")
    # Who refuses us ends it as its library does: by an alert, or without a word.
    assert found in ({"certificate"} if wrong in OURS else {"certificate", "closed", "not_known_there"})
    assert desk.bodies == []
    if wrong in OURS:
        assert runner.stats.connects == 0


def test_our_view_goes_out_over_tls_and_again_after_the_server_was_away(station: Station) -> None:
    context = ssl.create_default_context(cafile=str(station.certificates.ca))
    context.load_cert_chain(*station.files[:2])
    for name in ("HLF 20 sicher", "HLF 20 wieder"):
        with Tak(station.secured.port, tls=context) as other:
            wait_until(lambda: station.link("cot/sicher") == "connected", "the connection")
            station.vehicle(UNIT, name=name)
            ours = other.named(name)
            assert (ours.lat, ours.lon) == (51.83, 8.78)
        station.secured.stop()
        wait_until(lambda: station.link("cot/sicher") == "lost", "the loss")
        station.secured.start()
    station.vehicle(UNIT, name="HLF 20 1")
