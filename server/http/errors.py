"""Errors as every route off /v2 answers them: {"error": word, "description": sentence, "why": {code}}, never a trace.

`why` is there where the description is a reason that screens have words for (layers/reasons.py).
"""

from collections.abc import Mapping
from http import HTTPStatus

from flask import Flask, Response, jsonify
from werkzeug.exceptions import HTTPException

from layers.reasons import OTHER, why

WORDS = {
    400: "bad_request",
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    409: "conflict",
    411: "length_required",
    413: "too_large",
    415: "unsupported_media_type",
    422: "unprocessable",
    429: "too_many_requests",
    500: "internal",
    503: "unavailable",
}


class Problem(Exception):
    """A request that cannot be granted. `status` is the HTTP status, the word for it comes from WORDS."""

    def __init__(self, status: int, description: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(description)
        self.status = status
        self.description = description
        self.headers = dict(headers or {})


def answer(status: int, description: str, headers: Mapping[str, str] | None = None) -> Response:
    """The error as a response."""
    reason = why(description)
    known = {"why": reason} if reason is not None and reason["code"] != OTHER else {}
    response = jsonify({"error": WORDS.get(status, "error"), "description": description, **known})
    response.status_code = status
    response.headers.update(dict(headers or {}))
    return response


def register(app: Flask) -> None:
    """Answer every error of the app in this form."""

    @app.errorhandler(Problem)
    def _problem(problem: Problem) -> Response:
        return answer(problem.status, problem.description, problem.headers)

    @app.errorhandler(HTTPException)
    def _http(error: HTTPException) -> Response:
        status = error.code or 500
        headers = {"Allow": ", ".join(sorted(error.valid_methods or ()))} if hasattr(error, "valid_methods") else {}
        return answer(status, error.description or HTTPStatus(status).phrase, headers)

    @app.errorhandler(Exception)
    def _unforeseen(error: Exception) -> Response:
        # The one broad edge of HTTP: the caller learns nothing of the inside, the log learns everything.
        app.logger.error("unforeseen error in a request", exc_info=error)
        return answer(500, "An error on our side; it was logged.")
