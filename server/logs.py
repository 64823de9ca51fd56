"""Logs: one JSON object per line on standard error, or text for a person at a terminal.

Extra fields are given with `extra={...}`; one is special: `situation`. A line about an exercise carries `exercise:
true` and the mark ÜBUNG in its message, so that nobody takes it for the real thing. Tokens, codes and personal data
are never logged.
"""

import logging
import sys
from datetime import UTC, datetime

import msgspec

MARK = "ÜBUNG"
_STANDARD = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}


def is_exercise(situation: object) -> bool:
    """Exercises have ids that start with `ex-`."""
    return isinstance(situation, str) and situation.startswith("ex-")


class JsonFormatter(logging.Formatter):
    """time, level, logger, message, then whatever the line was given as extra."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as one line of JSON."""
        fields = {key: value for key, value in record.__dict__.items() if key not in _STANDARD}
        message = record.getMessage()
        if is_exercise(fields.get("situation")):
            fields["exercise"] = True
            message = f"{MARK} {message}"
        line = {
            "time": datetime.fromtimestamp(record.created, UTC)
            .isoformat(timespec="milliseconds")
            .replace("+00:00", "Z"),
            "level": record.levelname,
            "logger": record.name,
            "message": message,
            **fields,
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return msgspec.json.encode(line, enc_hook=str).decode()


class TextFormatter(logging.Formatter):
    """The same for a person."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)-7s %(name)s: %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        """The record as text, the mark of an exercise in front of the message."""
        mark = f"{MARK} " if is_exercise(getattr(record, "situation", None)) else ""
        copy = logging.makeLogRecord({**record.__dict__, "msg": f"{mark}{record.getMessage()}", "args": ()})
        return super().format(copy)


def setup(level: str, form: str) -> None:
    """Send every log line of the process to standard error in the chosen form ("json" or "text")."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter() if form == "json" else TextFormatter())
    root = logging.getLogger()
    for old in root.handlers[:]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(level)
    for chatty in ("engineio", "socketio", "urllib3", "werkzeug"):
        logging.getLogger(chatty).setLevel("WARNING")
