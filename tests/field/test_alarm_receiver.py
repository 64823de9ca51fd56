"""Frames of real panels through the receiver's own ports of a running server, and out of its picture."""

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from server.feeds.sia_dc09 import build
from tests.server import Server, wait_until

CENTURY_S = 3_000_000_000
"""The samples are years old: their time is outside of every honest window."""


class Station:
    """A server with a receiver."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.control = server.token("control", "Leitstelle")
        told = wait_until(lambda: next((line for line in server.lines if "alarm panels" in line), None))
        self.port = int(told.rpartition(":")[2])

    def answer(self, frame: bytes) -> bytes:
        """What a panel that sends the frame and waits gets; empty when nothing comes before the panel gives up."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as panel:
            panel.sendall(frame)
            panel.shutdown(socket.SHUT_WR)
            return b"".join(iter(lambda: panel.recv(1_000), b""))

    def feature(self, subject: str) -> Any:
        features = self.server.get("/picture?situation=live", self.control)["features"]
        return next((feature["properties"] for feature in features if feature["id"] == f"sia_dc09:{subject}"), None)


@pytest.fixture(scope="module")
def station(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Station]:
    folder: Path = tmp_path_factory.mktemp("sia")
    config = folder / "lagebild.toml"
    key = "850cba22f7dd4f033405da83e4c5bae9"
    options = {"behind_s": CENTURY_S, "ahead_s": CENTURY_S, "accounts": {"000": {"key": key}}}
    environment = {"LAGEBILD_FEEDS_SOURCES": json.dumps({"sia_dc09/feld": options})}
    config.write_text("[feeds.sia.feld]\ntcp_port = 0\n")
    with Server(folder / "data", "--no-demo", "--config", str(config), **environment) as server:
        yield Station(server)


@pytest.mark.parametrize(
    ("name", "reply", "subject", "state", "value"),
    [
        ("sia_dc09_plain_iobroker", b'"ACK"0005L0#12345[]', "12345:0:trouble", "WARNING", True),
        ("quoted/sia_spec_siadcs_fire", b'"ACK"9876R579BDFL789ABC#12345A[]', "12345A@789ABC:129:fire", "ALARM", True),
        ("quoted/sia_spec_admcid_fire", b'"ACK"9876R579BDFL789ABC#12345A[]', "12345A@789ABC:129:fire", "ALARM", True),
        (
            "quoted/sia_spec2026_siadcs_mac",
            b'"ACK"9876R579BDFL789ABC#123456A[]',
            "123456A@789ABC:129:fire",
            "ALARM",
            True,
        ),
        ("quoted/sia_siadcs_burglary_empty_prefix", b'"ACK"0001L#7303658550[]', "7303658550:4:burglary", "ALARM", True),
        ("quoted/sia_null_trailing_nul", b'"ACK"0001L#7303658550[]', "7303658550:panel", "OK", None),
        ("quoted/sia_admcid_close", b'"ACK"0068R0L0#AAA[]', "AAA:arming", "UNKNOWN", "CLOSE"),
    ],
)
def test_a_panel_is_acknowledged_and_seen(
    station: Station, samples: Path, name: str, reply: bytes, subject: str, state: str, value: Any
) -> None:
    assert station.answer((samples / "alarm" / f"{name}.bin").read_bytes()) == build(reply)
    seen = station.feature(subject)
    assert (seen["state"], seen["value"], seen["consent"]) == (state, value, "unknown")


def test_an_encrypted_link_test_is_answered_encrypted(station: Station, samples: Path) -> None:
    reply = station.answer((samples / "alarm" / "quoted" / "sia_null_aes128.bin").read_bytes())
    assert b'"*ACK"0000L0#000[' in reply
    assert station.feature("000:panel")["state"] == "OK"


@pytest.mark.parametrize("name", ["sia_admcid_eldes_bad_crc_len", "sia_nak_from_receiver", "sia_not_sia_aritech_hello"])
def test_what_gets_no_answer_lies_in_the_quarantine(station: Station, samples: Path, name: str) -> None:
    def kept() -> int:
        return len(station.server.get("/quarantine?limit=500", station.control)["quarantine"])

    before = kept()
    assert station.answer((samples / "alarm" / "quoted" / f"{name}.bin").read_bytes()) == b""
    wait_until(lambda: kept() == before + 1)
