"""Long messages: what is read is kept whole when it is refused, what is too long is refused before it is read."""

from server.feeds import feeds
from server.house import House
from server.quarantined import Choice
from tests.http.conftest import Call

MOST = 8_000_000


def test_a_long_message_that_is_refused_is_kept_whole_and_read_again(call: Call, house: House) -> None:
    body = b"<" + bytes(range(33, 127)) * 30_000
    assert 2_800_000 < len(body) < MOST == house.settings.feeds.body_bytes
    answer = call("POST", "/feeds/cap", "feed", data=body)
    assert (answer.status_code, answer.get_json()["why"]) == (400, {"code": "not_xml"})
    (number,) = house.quarantine.messages.chosen(Choice())
    message = house.quarantine.messages.get(number)
    assert message is not None
    assert message.body == body
    (told,) = call("GET", "/quarantine", "control").get_json()["quarantine"]
    assert (told["kept"], told["size"], told["why"]) == (True, len(body), {"code": "not_xml"})
    again = call("POST", "/quarantine/retry", "control", json={"ids": [told["id"]]}).get_json()
    assert (again["ok"], again["refused"]) == (0, 1)


def test_what_is_too_long_is_refused_by_its_announced_length(call: Call, house: House) -> None:
    """Nothing of the body is there to be read: the announced length decides alone."""
    limit = feeds()["monica"].max_bytes
    answer = call("POST", "/feeds/monica", "feed", environ_overrides={"CONTENT_LENGTH": str(limit + 1)})
    assert (answer.status_code, answer.get_json()["why"]) == (413, {"code": "too_large"})
    assert house.quarantine.messages.chosen(Choice()) == []
    (told,) = call("GET", "/quarantine", "control").get_json()["quarantine"]
    assert (told["kept"], told["size"], told["excerpt"]) == (False, limit + 1, "")
