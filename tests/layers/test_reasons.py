"""Reasons as codes that screens have words for."""

import pytest

from layers.reasons import MAX_CHARS, why


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        ("Connection refused", {"code": "peer_refused"}),
        ("Address already in use", {"code": "port_taken"}),
        ("Name or service not known", {"code": "name_unknown"}),
        ("503 Service Unavailable", {"code": "http_status", "n": "503"}),
        ("https://a.example/x: 404 Not Found", {"code": "http_status", "n": "404"}),
        ("refused with HTTP status 401", {"code": "http_status", "n": "401"}),
        ("the broker refuses: Not authorized", {"code": "not_known_there"}),
        ("certificate verify failed: Hostname mismatch", {"code": "certificate"}),
        ("200 connections are open already", {"code": "too_many_connections"}),
        ("bug: KeyError", {"code": "internal"}),
        ("The owner has not consented.", {"code": "home_consent"}),
        ("the message has 1200000 bytes, more than 1048576", {"code": "too_large"}),
        ("not JSON: JSON is malformed: invalid character (byte 1)", {"code": "not_json"}),
        ("not JSON: object keys must be strings (byte 1)", {"code": "not_json"}),
        ("unknown type 'the owner has not consented'", {"code": "unknown_kind"}),
        ("no message of Home Assistant", {"code": "not_of", "name": "Home Assistant"}),
        ("no message of MAVLink that tells of a drone", {"code": "not_of", "name": "MAVLink"}),
        ("Object missing required field `kind`", {"code": "missing_field", "name": "kind"}),
        ("Status: a number is expected", {"code": "bad_field", "name": "Status"}),
        ("Status: what nobody foresaw", {"code": "bad_field", "name": "Status"}),
        ("/var/spool/x y: what nobody foresaw", {"code": "other"}),
        ("what nobody foresaw", {"code": "other"}),
        ("", None),
        (None, None),
    ],
)
def test_a_reason_has_a_code(reason: str | None, expected: dict[str, str] | None) -> None:
    assert why(reason) == expected


def test_what_a_stranger_wrote_is_no_value_of_the_words() -> None:
    """Values are numbers and plain names: nothing that could be taken for a sentence of ours, or for markup."""
    assert why("<img src=x onerror=alert(1)>: no") == {"code": "other"}
    assert why("a b c: no") == {"code": "other"}
    assert why("x" * MAX_CHARS + " Connection refused") == {"code": "other"}
