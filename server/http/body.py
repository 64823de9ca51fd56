"""Bodies and query values of requests as typed values, or a Problem that says what is wrong."""

from datetime import UTC, datetime
from typing import TypeVar

import msgspec
from flask import request

from server.http.errors import Problem

T = TypeVar("T")


def read(model: type[T]) -> T:
    """The JSON body as `model`. Raises Problem 400 for what is no JSON, 422 for JSON of another shape."""
    try:
        return msgspec.json.decode(request.get_data(cache=False), type=model)
    except msgspec.ValidationError as error:
        raise Problem(422, str(error)) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Problem(400, f"The body is not JSON: {error}") from error


def number(name: str, default: int, low: int, high: int) -> int:
    """A whole number from the query. Raises Problem 422 outside of low..high."""
    text = request.args.get(name)
    if text is None:
        return default
    if not text.isascii() or not text.isdigit() or len(text) > 18 or not low <= int(text) <= high:
        raise Problem(422, f"{name}: a whole number from {low} to {high}")
    return int(text)


def moment(name: str) -> datetime | None:
    """A time from the query, ISO 8601 with a zone. Raises Problem 422."""
    text = request.args.get(name)
    if text is None:
        return None
    # A plus sign that was not escaped arrives as a blank.
    try:
        found = datetime.fromisoformat(text.strip().replace(" ", "+"))
    except ValueError:
        raise Problem(422, f"{name}: a time as 2026-07-25T17:30:00Z") from None
    if found.tzinfo is None:
        raise Problem(422, f"{name}: a time needs a zone, such as Z")
    return in_utc(name, found)


def in_utc(name: str, found: datetime) -> datetime:
    """A time with a zone, in UTC. Raises Problem 422 for one that is in no year there."""
    try:
        return found.astimezone(UTC)
    except OverflowError:
        raise Problem(422, f"{name}: out of range") from None
