"""The form for citizens: GET /melden shows it, POST /melden takes a report. No account, no cookie.

A report goes through the intake as any message does. Photographs are drawn anew before anybody sees them; the original
is kept for the control room alone.
"""

import hashlib
from math import ceil
from pathlib import Path
from typing import Any

import msgspec
from flask import Blueprint, Response, redirect, render_template, request, send_from_directory
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from layers.observation import Sensitivity
from server import runtime
from server.citizens import WRITTEN_IN_S, Citizens
from server.desk import Busy, Closed
from server.feeds import DecodeError
from server.feeds._batch import subject
from server.feeds.citizen import NAME
from server.http.citizen_words import WORDS
from server.http.errors import Problem
from server.http.guard import address, anybody, house
from server.media import MediaError, media_url
from server.photographs import JPEG, BadPhotograph, Photograph, prepare
from server.situations import Situation

PAGES = Path(__file__).with_name("pages")
blueprint = Blueprint("citizen", __name__, template_folder=str(PAGES))
INSTANCE = "formular"
FILES = ("melden.css", "melden.js")
A_DAY_S = 86_400
PLACE_CHARS = 200
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    ),
    # With `no-referrer` browsers send the form with the origin "null", and the origin is what we check.
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(self)",
}


class Refusal(Exception):
    """The report is not taken as it is: field and word of each problem."""

    def __init__(self, *problems: tuple[str, str]) -> None:
        super().__init__(*problems)
        self.problems = problems


@blueprint.get("/melden")
@anybody
def form() -> ResponseReturnValue:
    """The form; 404 with a friendly word where it is closed."""
    situation = _situation()
    if situation is None:
        return _page(None, 404, state="closed", message=_words()["closed"])
    return _page(situation)


@blueprint.get("/melden/danke/<reference>")
@anybody
def thanks(reference: str) -> ResponseReturnValue:
    """The report has arrived."""
    if not reference.isalnum() or len(reference) > 16:
        raise Problem(404, "There is no such page.")
    return _page(_situation(), state="thanks", reference=reference)


@blueprint.get("/melden/<name>")
@anybody
def file(name: str) -> ResponseReturnValue:
    """The form's style and its script."""
    if name not in FILES:
        raise Problem(404, "There is no such file.")
    return send_from_directory(PAGES, name, max_age=A_DAY_S)


@blueprint.post("/melden")
@anybody
def send() -> ResponseReturnValue:
    """Take a report: 303 to the thanks, or the form again with what is wrong."""
    citizens, situation = house().citizens, _situation()
    if situation is None:
        return _page(None, 404, state="closed", message=_words()["closed"])
    if request.form.get("website"):
        # Only a program fills a field that nobody sees; it need not learn that we noticed.
        _count("honeypot")
        return redirect("/melden/danke/" + hashlib.sha256(citizens.stamp().encode()).hexdigest()[:8], 303)
    try:
        _check_stamp(citizens)
        wait_s = citizens.wait_s(address())
        if wait_s:
            _count("limited")
            minutes = ceil(wait_s / 60)
            page = _page(situation, 429, problems=[("text", _words()["too_often"].format(minutes=minutes))])
            page.headers["Retry-After"] = str(ceil(wait_s))
            return page
        reference = _take(situation, citizens)
    except Refusal as refusal:
        _count("refused")
        return _page(situation, 422, problems=[(field, _words()[word]) for field, word in refusal.problems])
    except Busy as busy:
        _count("busy")
        page = _page(situation, 503, problems=[("text", _words()["busy"])])
        page.headers["Retry-After"] = str(busy.retry_after_s)
        return page
    except Closed:
        return _page(None, 404, state="closed", message=_words()["closed"])
    _count("accepted")
    return redirect(f"/melden/danke/{reference}?lang={_lang()}", 303)


@blueprint.errorhandler(RequestEntityTooLarge)
def _too_large(_error: RequestEntityTooLarge) -> Response:
    return _page(None, 413, state="closed", message=_words()["too_large"])


@blueprint.errorhandler(Problem)
def _problem(problem: Problem) -> Response:
    return _page(None, problem.status, state="closed", message=_words()["refused"])


@blueprint.errorhandler(HTTPException)
def _http(error: HTTPException) -> Response:
    return _page(None, error.code or 500, state="closed", message=_words()["refused"])


def _situation() -> Situation | None:
    """Where reports go; None while the form is closed."""
    name = house().citizens.situation
    if name is None:
        return None
    try:
        found = house().situations.get(name)
    except KeyError:
        return None
    return None if found.clock.state == "ended" else found


def _check_stamp(citizens: Citizens) -> None:
    age_s = citizens.age_s(request.form.get("stamp", "")[:200])
    if age_s is None or age_s < WRITTEN_IN_S:
        raise Refusal(("text", "old_form" if age_s is None else "too_fast"))


def _take(situation: Situation, citizens: Citizens) -> str:
    """Keep the photographs and hand the report to the intake; its reference. Raises Refusal, Busy, Closed."""
    stamp, text, place = (request.form.get(name, "").strip() for name in ("stamp", "text", "place"))
    if len(text) > citizens.settings.text_chars or len(place) > PLACE_CHARS:
        raise Refusal(("text", "long_text"))
    photographs = _photographs(citizens)
    if not text and not photographs:
        raise Refusal(("text", "no_text"))
    digest = hashlib.sha256(repr((stamp, text, place)).encode())
    for body, _ in photographs:
        digest.update(body)
    reference = digest.hexdigest()[:12]
    report: dict[str, Any] = {"id": reference, "text": text, "place": place, "lang": _lang(), **_position()}
    report["images"], report["originals"] = _keep(situation, subject(NAME, reference), photographs)
    try:
        taken = house().intake.take(situation, NAME, INSTANCE, msgspec.json.encode(report), "a citizen")
    except DecodeError as error:
        raise Refusal(("text", "refused")) from error
    if taken.refused:
        raise Refusal(("place", "bad_position"))
    return reference


def _photographs(citizens: Citizens) -> list[tuple[bytes, Photograph]]:
    """Each photograph as it came and as it is shown. Raises Refusal."""
    files = [found for found in request.files.getlist("photo") if found.filename]
    if len(files) > citizens.settings.photos:
        raise Refusal(("photo", "many_photos"))
    drawn = []
    for found in files:
        body = found.stream.read(citizens.settings.photo_bytes + 1)
        if len(body) > citizens.settings.photo_bytes:
            raise Refusal(("photo", "large_photo"))
        try:
            with citizens.drawing:
                drawn.append((body, runtime.offload(prepare, body)))
        except BadPhotograph as error:
            raise Refusal(("photo", str(error))) from error
    return drawn


def _keep(situation: Situation, of: str, photographs: list[tuple[bytes, Photograph]]) -> tuple[list[str], list[str]]:
    """Addresses of the pictures to show, and ids of the originals. Raises Refusal."""
    shown, originals = [], []
    media = house().media
    try:
        for body, photograph in photographs:
            originals.append(media.put(situation.id, body, photograph.mime, Sensitivity.PERSONAL, of))
            shown.append(media_url(media.put(situation.id, photograph.display, JPEG, subject=of)))
    except MediaError as error:
        raise Refusal(("photo", "large_photo")) from error
    return shown, originals


def _position() -> dict[str, float]:
    """What the browser measured, if the person sent it along. Raises Refusal."""
    found: dict[str, float] = {}
    for name, key, limit in (("lat", "lat", 90.0), ("lon", "lon", 180.0), ("accuracy", "accuracy_m", 100_000.0)):
        written = request.form.get(name, "").strip()
        if not written:
            continue
        try:
            number = float(written[:40])
        except ValueError as error:
            raise Refusal(("place", "bad_position")) from error
        if not -limit <= number <= limit:
            raise Refusal(("place", "bad_position"))
        found[key] = abs(number) if name == "accuracy" else number
    return found if {"lat", "lon"} <= found.keys() else {}


def _page(situation: Situation | None, status: int = 200, **more: Any) -> Response:
    citizens, words = house().citizens, _words()
    settings = citizens.settings
    hint = words["photo_hint"].format(photos=settings.photos, mb=settings.photo_bytes // 1_000_000)
    problems = more.pop("problems", [])
    names = ("text", "place", "lat", "lon", "accuracy")
    shown = {"state": "form", **more}
    written = request.form if request.method == "POST" and shown["state"] == "form" else {}
    # A report that is corrected keeps its stamp: nobody has to take his time again.
    stamp = str(written.get("stamp", ""))[:200]
    body = render_template(
        "melden.html",
        t={**words, "photo_hint": hint},
        lang=_lang(),
        exercise=situation is not None and situation.status == "Exercise",
        stamp=stamp if citizens.age_s(stamp) is not None else citizens.stamp(),
        limits=settings,
        problems=problems,
        wrong=[field for field, _ in problems],
        values={name: str(written.get(name, ""))[: settings.text_chars] for name in names},
        **shown,
    )
    response = Response(body, status, content_type="text/html; charset=utf-8")
    response.headers.update(HEADERS)
    return response


def _lang() -> str:
    """German, unless the address asks for English."""
    return "en" if request.args.get("lang") == "en" else "de"


def _words() -> dict[str, str]:
    return WORDS[_lang()]


def _count(outcome: str) -> None:
    house().metrics.reports.labels(NAME, outcome).inc()
