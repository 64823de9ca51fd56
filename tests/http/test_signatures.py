"""Signed pushes: who must sign and does not is refused, counted and seen; nothing of the message is kept."""

import base64
import hashlib
import hmac
from pathlib import Path
from typing import Any

import pytest

from server.config import ConfigError, FeedSettings, Settings, load
from server.house import House
from server.signatures import SignatureSettings, fault, settings
from server.transports.secret import SecretError
from tests.http.conftest import Call

KEY = b"schl\xc3\xbcssel"
BODY = b'{"Number": "4711", "Keyword": "B2", "Start": "2026-11-21T18:00:00Z"}'


def signed(body: bytes, key: bytes = KEY, algorithm: str = "sha256") -> str:
    return f"{algorithm}={hmac.new(key, body, algorithm).hexdigest()}"


@pytest.fixture(name="settings")
def held_to_it() -> Settings:
    """Two sources of one feed sign, each with its own key; NGSI signs whoever sends."""
    own = settings({"secret": KEY.decode()})
    return Settings(
        feeds=FeedSettings(
            signatures={"connect/test_feed": own, "connect/test_feed.auto": settings({"secret": "anders"}), "ngsi": own}
        )
    )


def push(call: Call, path: str, body: bytes, signature: str | None) -> Any:
    headers = {} if signature is None else {"X-Hub-Signature-256": signature}
    return call("POST", path, "feed", data=body, headers=headers, content_type="application/json")


def test_what_is_signed_is_taken(call: Call) -> None:
    answer = push(call, "/feeds/connect", BODY, signed(BODY))
    assert (answer.status_code, answer.get_json()["accepted"]) == (200, 1)
    answer = push(call, "/feeds/connect/zug", BODY, signed(BODY))
    assert answer.status_code == 200, "the key of the token holds for its other parts"


@pytest.mark.parametrize(
    ("signature", "words"),
    [
        (None, "the header X-Hub-Signature-256 is missing"),
        ("", "holds no signature"),
        ("sha1=00", "holds no signature"),
        ("sha256=", "does not fit"),
        ("sha256=xyz", "does not fit"),
        ("sha256=" + "0" * 64, "does not fit"),
        ("sha256=" + "ä" * 32, "does not fit"),
        ("sha256=" + "0" * 5_000, "holds no signature"),
        (signed(BODY + b" "), "does not fit"),
        (signed(BODY, b"anders"), "does not fit"),
    ],
)
def test_what_is_not_is_refused_counted_and_seen(call: Call, house: House, signature: str | None, words: str) -> None:
    answer = push(
        call, "/feeds/connect", BODY, signature if signature is None else signature.encode().decode("latin-1")
    )
    assert answer.status_code == 401
    assert words in answer.get_json()["description"]
    (row,) = house.quarantine.list(10)
    assert (row.feed, row.instance, row.size) == ("connect", "test_feed", len(BODY))
    assert words in row.reason
    assert "4711" not in str(row)
    assert house.metrics.signature_failures.labels("connect")._value.get() == 1


def test_a_part_has_its_own_key(call: Call) -> None:
    assert push(call, "/feeds/connect/auto", BODY, signed(BODY)).status_code == 401
    assert push(call, "/feeds/connect/auto", BODY, signed(BODY, b"anders")).status_code == 200


def test_ngsi_is_held_to_it_and_other_feeds_are_not(call: Call) -> None:
    body = b'{"actionType": "append", "entities": [{"id": "urn:1", "type": "EmergencyVehicle", "fmsStatus": 3}]}'
    refused = push(call, "/v2/op/update", body, None)
    assert (refused.status_code, refused.get_json()["error"]) == (401, "Unauthorized")
    assert push(call, "/v2/op/update", body, signed(body)).status_code == 204
    assert push(call, "/feeds/divera", b'{"id": 1, "title": "B2"}', None).status_code == 200


def test_who_guesses_is_told_to_wait(call: Call, house: House) -> None:
    most = int(house.settings.access.failures_per_min)
    answers = [push(call, "/feeds/connect", BODY, "sha256=00").status_code for _ in range(most + 1)]
    assert answers == [401] * most + [429]


@pytest.mark.parametrize("algorithm", ["sha1", "sha512"])
def test_other_writings(algorithm: str) -> None:
    one = settings({"secret": KEY.decode(), "algorithm": algorithm, "encoding": "base64", "prefix": "v1,"})
    written = base64.b64encode(hmac.new(KEY, BODY, getattr(hashlib, algorithm)).digest()).decode()
    assert fault(one, f"v1,{written}", BODY) is None
    assert fault(one, f"v1,{written[:-4]}", BODY) == "the signature does not fit the message"
    assert fault(one, written, BODY) == "the header X-Hub-Signature-256 holds no signature"


def test_a_secret_of_a_file_that_is_empty_or_gone_lets_nobody_in(tmp_path: Path) -> None:
    file = tmp_path / "key"
    one = settings({"secret_file": str(file)})
    with pytest.raises(SecretError):
        fault(one, signed(BODY, b""), BODY)
    file.write_text("\n")
    assert fault(one, signed(BODY, b""), BODY) == "the secret is empty"
    file.write_bytes(KEY + b"\n")
    assert fault(one, signed(BODY), BODY) is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[feeds.signatures."conect/x"]\nsecret = "a"', "there is no feed conect (did you mean connect?)"),
        ('[feeds.signatures."connect/x"]\nheader = "X"', "missing required field `secret`"),
        ('[feeds.signatures."connect/x"]\nsecret = "a"\nalgorithm = "md5"', "Invalid enum value 'md5'"),
        ("[feeds]\nsignatures = 7", "there is no feed"),
    ],
)
def test_settings_that_cannot_be(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "lagebild.toml"
    path.write_text(text)
    with pytest.raises(ConfigError) as refused:
        load(path, {})
    assert words in str(refused.value)


def test_settings_as_written(tmp_path: Path) -> None:
    path = tmp_path / "lagebild.toml"
    path.write_text('[feeds.signatures.connect]\nsecret_env = "KEY"\nheader = "X-Signature"')
    one = load(path, {}).feeds.signatures["connect"]
    assert isinstance(one, SignatureSettings)
    assert (one.header, repr(one.secret)) == ("X-Signature", "<secret from KEY>")
