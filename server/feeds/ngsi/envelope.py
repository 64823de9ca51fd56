"""What a message is: its entities, and what is to be done with them."""

from typing import Any

from msgspec import Struct

from server.feeds import INVALID, DecodeError, Limits
from server.feeds._json import load

ACTIONS = ("append", "appendStrict", "update", "replace", "delete")
_ACTIONS = {word.casefold(): word for word in ACTIONS} | {"append_strict": "appendStrict"}
"""Also the upper-case words of NGSI v1, which older clients still send."""


class Message(Struct, frozen=True):
    """A message taken apart. `entities` are raw, one of them may still be anything."""

    action: str
    entities: list[Any]
    notification: bool = False


def open_message(body: bytes, limits: Limits) -> Message:
    """Take the envelope off. Raises DecodeError."""
    document = load(body, limits)
    message = _message(document)
    if len(message.entities) > limits.entities:
        raise DecodeError(f"{len(message.entities)} entities in one message, more than {limits.entities}", INVALID)
    return message


def _message(document: Any) -> Message:
    if isinstance(document, list):
        return Message("append", _listed(document, "the list of entities"))
    if not isinstance(document, dict):
        raise DecodeError("an object or a list of entities is expected", INVALID)
    if "actionType" in document or "entities" in document:
        word = document.get("actionType", "append")
        action = _ACTIONS.get(word.strip().casefold()) if isinstance(word, str) else None
        if action is None:
            raise DecodeError(f"actionType is one of {', '.join(ACTIONS)}", INVALID)
        return Message(action, _listed(document.get("entities"), "entities"))
    if "data" in document and ("id" not in document or document.get("type") == "Notification"):
        return Message("append", _list(document["data"], "data"), notification=True)
    return Message("append", [document])


def _listed(value: Any, name: str) -> list[Any]:
    found = _list(value, name)
    if not found:
        raise DecodeError(f"{name} is empty", INVALID)
    return found


def _list(value: Any, name: str) -> list[Any]:
    if not isinstance(value, list):
        raise DecodeError(f"{name} is a list", INVALID)
    return value
