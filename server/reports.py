"""What a client reports: who may say what, and the way of it into the situation.

A report is acknowledged after it is durable, and only then; the same (client_id, client_seq) sent twice counts once.
"""

import logging
from typing import Any

import msgspec

from layers.reasons import why
from server.access import Principal, Role
from server.desk import Busy, Closed
from server.feeds import DecodeError
from server.intake import Intake
from server.metrics import Metrics
from server.situations import Situation
from server.throttle import Throttle

log = logging.getLogger("lagebild.reports")

ALLOWED = {
    Role.CREW: frozenset({"unit_status", "position", "note", "seen"}),
    Role.CONTROL: frozenset({"note", "seen", "confirm", "reject", "locate"}),
}
"""Kinds of report by role; a role that is not here reports nothing."""
KINDS = ALLOWED[Role.CREW] | ALLOWED[Role.CONTROL]
IDENTITY = ("role", "name", "unit")


def refusal(error: str, description: str, **more: Any) -> dict[str, Any]:
    """A negative acknowledgement."""
    return {"ok": False, "error": error, "description": description, "why": why(description), **more}


class Reports:
    """Takes reports of connected clients."""

    def __init__(self, intake: Intake, metrics: Metrics, per_min: float) -> None:
        self._intake = intake
        self._metrics = metrics
        self._throttle = Throttle(per_minute=per_min, burst=per_min)

    def take(self, principal: Principal, situation: Situation, message: Any) -> dict[str, Any]:
        """The acknowledgement of one report: {ok: True, seq} or {ok: False, error, description}."""
        said = message.get("kind") if isinstance(message, dict) else None
        kind = said if isinstance(said, str) else ""
        answer = self._take(principal, situation, message, kind)
        outcome = "taken" if answer["ok"] else str(answer["error"])
        self._metrics.reports.labels(kind if kind in KINDS else "other", outcome).inc()
        return answer

    def _take(self, principal: Principal, situation: Situation, message: Any, kind: str) -> dict[str, Any]:
        if not isinstance(message, dict):
            return refusal("invalid", "a report is an object")
        wrong = _forbidden(principal, message, kind)
        if wrong is not None:
            return refusal("forbidden", wrong)
        wait_s = self._throttle.take(principal.token_id)
        if wait_s:
            return refusal("too_many", "too many reports", retry_after_s=round(wait_s, 1))
        report = {key: value for key, value in message.items() if key not in IDENTITY and value is not None}
        report |= {"role": str(principal.role), "name": principal.name, "unit": principal.unit}
        sender = f"{principal.role} {principal.name}"
        try:
            taken = self._intake.take(
                situation, "report", principal.unit or principal.name, msgspec.json.encode(report), sender
            )
        except DecodeError as error:
            return refusal("invalid", error.reason)
        except Busy as busy:
            return refusal("busy", "the server is busy", retry_after_s=busy.retry_after_s)
        except Closed:
            return refusal("closed", "the situation has ended")
        if taken.refused:
            return refusal("invalid", taken.refused[0].reason)
        return {"ok": True, "seq": taken.receipt.last_seq}


def _forbidden(principal: Principal, message: dict[str, Any], kind: str) -> str | None:
    try:
        role = Role(principal.role)
    except ValueError:
        return "this role reports nothing"
    if role not in ALLOWED:
        return f"the role {role} reports nothing"
    if kind in KINDS and kind not in ALLOWED[role]:
        return f"the role {role} does not report {kind}"
    if role is Role.CREW and principal.unit is None:
        return "this token names no unit"
    if role is Role.CREW and message.get("unit") not in (None, principal.unit):
        return "a crew speaks for its own unit only"
    return None
