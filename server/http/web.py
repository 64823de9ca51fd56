"""The browser's pages: one built index.html without any data in it, and its assets."""

from pathlib import Path

from flask import Blueprint, Response, redirect, send_from_directory
from flask.typing import ResponseReturnValue

from server.http.errors import Problem
from server.http.guard import anybody

blueprint = Blueprint("web", __name__)
DIST = Path(__file__).resolve().parent.parent / "web" / "dist"
A_YEAR_S = 31_536_000


@blueprint.get("/")
@anybody
def index() -> ResponseReturnValue:
    """The control room is the front door."""
    return redirect("/control", 302)


@blueprint.get("/control")
@blueprint.get("/planner")
@blueprint.get("/liaison")
@anybody
def page() -> ResponseReturnValue:
    """The application's page; what it may show is decided by the token it gets."""
    if not (DIST / "index.html").is_file():
        raise Problem(503, "The browser bundle is not built. `make setup` builds it.")
    response = send_from_directory(DIST, "index.html")
    response.headers["Cache-Control"] = "no-cache"
    return response


@blueprint.get("/app")
@anybody
def app() -> ResponseReturnValue:
    """Where a crew's sign-in link leads in a browser: it is meant for the app."""
    lines = ("Dieser Link gehört in die Lagebild-App: make app LINK='...'", "This link is for the Lagebild app.", "")
    return Response("\n".join(lines), content_type="text/plain; charset=utf-8")


@blueprint.get("/assets/<path:name>")
@anybody
def asset(name: str) -> ResponseReturnValue:
    """A file of the bundle; its name changes with its content."""
    return send_from_directory(DIST / "assets", name, max_age=A_YEAR_S)
