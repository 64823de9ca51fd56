"""What a home put into its storage, for the control room: listed, drawn anew, as it was sent; while consent holds."""

from datetime import UTC, datetime
from urllib.parse import unquote, urlsplit

from flask import Blueprint, Response, jsonify
from flask.typing import ResponseReturnValue

from layers.observation import iso
from server.access import Role
from server.home_pictures import Stored, place_of
from server.http.errors import Problem
from server.http.files import send
from server.http.guard import caller, house, needs
from server.http.homes import do

blueprint = Blueprint("home_pictures", __name__)
MISSING = "There is no such picture."


@blueprint.get("/homes/<building>/pictures")
@needs(Role.CONTROL)
def pictures(building: str) -> ResponseReturnValue:
    """Plans first, then pictures, the newest first; `device` where a camera says that this is its picture."""
    do(lambda: house().homes.must_be_granted(building))
    found = house().home_pictures.listed(building)
    shown = {object_name(url, building): subject for subject, url in house().homes.images(building).items()}
    return jsonify(pictures=[_told(building, one, shown.get(one.name)) for one in found])


def _told(building: str, one: Stored, subject: str | None) -> dict[str, object]:
    return {
        "id": one.id,
        "name": one.name,
        "kind": "plan" if one.plan or subject == building else "picture",
        "media_type": one.mime,
        "bytes": one.size,
        "pages": len(one.pages),
        "received_at": iso(datetime.fromtimestamp(one.received, UTC)),
        "device": None if subject == building else subject,
        "url": f"/homes/{building}/pictures/{one.id}",
    }


def object_name(url: str, building: str) -> str | None:
    """The name of the object that an address of the home's own storage means, whatever host it names."""
    _, found, name = urlsplit(url).path.partition(f"/{place_of(building)}/")
    return unquote(name) if found else None


@blueprint.get("/homes/<building>/pictures/<int:number>")
@needs(Role.CONTROL)
def original(building: str, number: int) -> ResponseReturnValue:
    """As it was sent, to be saved."""
    one = _one(building, number)
    return _file(one, one.original, one.mime, as_attachment=True)


@blueprint.get("/homes/<building>/pictures/<int:number>/small")
@needs(Role.CONTROL)
def small(building: str, number: int) -> ResponseReturnValue:
    """Drawn anew, of at most 512 pixels."""
    one = _one(building, number)
    return _file(one, one.small, "image/jpeg")


@blueprint.get("/homes/<building>/pictures/<int:number>/pages/<int:page>")
@needs(Role.CONTROL)
def shown(building: str, number: int, page: int) -> ResponseReturnValue:
    """A page of a plan, or the picture (page 1), drawn anew."""
    one = _one(building, number)
    if not 1 <= page <= len(one.pages):
        raise Problem(404, MISSING)
    return _file(one, one.pages[page - 1], "image/png" if one.mime == "application/pdf" else "image/jpeg")


def _one(building: str, number: int) -> Stored:
    do(lambda: house().homes.must_be_granted(building))
    found = house().home_pictures.by_id(building, number)
    if found is None:
        raise Problem(404, MISSING)
    house().audit.append("home-picture", caller(), "live", building=building, id=number)
    return found


def _file(one: Stored, media: str, mime: str, as_attachment: bool = False) -> Response:
    path = house().home_pictures.file(one, media)
    if path is None:
        raise Problem(404, MISSING)
    name = one.name.rpartition("/")[2]
    response = send(path, MISSING, mimetype=mime, as_attachment=as_attachment, download_name=name)
    response.headers["Cache-Control"] = "no-store"
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response
