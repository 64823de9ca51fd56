"""Frames of real panels (samples/alarm/SOURCES.md): values, checksums and lengths as stated there."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from layers.content import Device
from server.feeds import DecodeError
from tests.feeds.dispatch_tools import decoded, reasons

NAME = "sia_dc09"


@pytest.mark.parametrize(
    ("name", "crc", "length", "subject", "value", "state", "code", "zone"),
    [
        ("sia_dc09_plain_iobroker", "D3A1", 149, "12345:0:trouble", True, "WARNING", "UT", "0000"),
        ("quoted/sia_spec_siadcs_fire", "CE11", 50, "12345A@789ABC:129:fire", True, "ALARM", "FA", "129"),
        ("quoted/sia_spec_admcid_fire", "87CD", 55, "12345A@789ABC:129:fire", True, "ALARM", "110", "129"),
        ("quoted/sia_spec2026_siadcs_mac", "8C86", 67, "123456A@789ABC:129:fire", True, "ALARM", "FA", "129"),
        ("quoted/sia_siadcs_burglary_empty_prefix", "CEF0", 63, "7303658550:4:burglary", True, "ALARM", "BA", "4"),
    ],
)
def test_an_event(
    samples: Path, name: str, crc: str, length: int, subject: str, value: Any, state: str, code: str, zone: str
) -> None:
    found = decoded(NAME, (samples / "alarm" / f"{name}.bin").read_bytes())
    assert found.refused == ()
    (observation,) = found.observations
    assert isinstance(observation.content, Device)
    assert observation.subject == f"sia_dc09:{subject}"
    assert (observation.content.value, observation.content.state) == (value, state)
    extra = observation.extra
    assert (extra["crc"], extra["length"], extra["code"], extra["zone"]) == (crc, length, code, zone)


def test_both_clocks_of_an_italian_panel(samples: Path) -> None:
    (observation,) = decoded(NAME, (samples / "alarm" / "sia_dc09_plain_iobroker.bin").read_bytes()).observations
    assert observation.observed_at == observation.reported_at == datetime(2018, 10, 25, 12, 37, 53, tzinfo=UTC)
    assert observation.extra["modifiers"] == {"ri": "0000", "pi": "0006"}


def test_a_closing_by_a_user(samples: Path) -> None:
    (observation,) = decoded(NAME, (samples / "alarm" / "quoted" / "sia_admcid_close.bin").read_bytes()).observations
    assert isinstance(observation.content, Device)
    assert (observation.subject, observation.content.value) == ("sia_dc09:AAA:arming", "CLOSE")
    assert (observation.extra["crc"], observation.extra["zone"], observation.flags) == (
        "7788",
        "070",
        ("time_assumed",),
    )


def test_link_tests(samples: Path) -> None:
    quoted = samples / "alarm" / "quoted"
    (plain,) = decoded(NAME, (quoted / "sia_null_trailing_nul.bin").read_bytes()).observations
    assert (plain.subject, plain.extra["length"]) == ("sia_dc09:7303658550:panel", 44)
    assert plain.observed_at == datetime(2019, 6, 7, 15, 39, 38, tzinfo=UTC)
    secret = (quoted / "sia_null_aes128.bin").read_bytes()
    assert reasons(decoded(NAME, secret)) == ["encrypted frame of account 000: no key is set for it"]
    (read,) = decoded(NAME, secret, options={"key": "850cba22f7dd4f033405da83e4c5bae9"}).observations
    assert read.observed_at == datetime(2026, 9, 22, 3, 7, 43, tzinfo=UTC)
    assert read.extra["crc"] == "DE26"


def test_what_is_refused(samples: Path) -> None:
    quoted = samples / "alarm" / "quoted"
    damaged = decoded(NAME, (quoted / "sia_admcid_eldes_bad_crc_len.bin").read_bytes())
    assert damaged.observations == ()
    assert reasons(damaged) == ["CRC F19A stated, DB4E computed; length 43 stated, 42 counted"]
    reply = decoded(NAME, (quoted / "sia_nak_from_receiver.bin").read_bytes())
    assert (reply.observations, reasons(reply)) == ((), ["a reply (NAK)"])
    with pytest.raises(DecodeError):
        decoded(NAME, (quoted / "sia_not_sia_aritech_hello.bin").read_bytes())
