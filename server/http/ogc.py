"""OGC API - Features, Part 1 (OGC 17-069r4): /ogc is a landing page, /ogc/<situation> that of a certain situation.

Everything is read under the view of the token's role (layers.views), which GIS programs may also send as the password
of HTTP basic. What is in a collection is decided in `server.ogc`.
"""

import time
from importlib.metadata import version
from math import ceil
from pathlib import Path
from typing import Any

import msgspec
from flask import Blueprint, Response, jsonify, request, send_from_directory
from flask.typing import ResponseReturnValue

from layers.observation import iso
from layers.views import View
from server import runtime
from server.access import PERSONAL_ROLES
from server.base.base import Base
from server.base.objects.same import facts
from server.http import errors, ogc_own, ogc_pages
from server.http.errors import Problem
from server.http.guard import anybody, caller, house, needs
from server.http.ogc_pages import Shown, lang, wants_html
from server.http.picture import VIEWERS, find
from server.ogc import columns, live, own, papers
from server.ogc.ground import GROUND
from server.ogc.live import EXERCISE, Table, Tables
from server.ogc.pages import Page
from server.ogc.papers import GEOJSON, HTML, JSON, OPENAPI, SCHEMA_JSON, Collection, link
from server.ogc.query import PARAMETERS, BadQuery, Query, parse
from server.situations import Situation
from server.throttle import Throttle

PAGES = Path(__file__).with_name("pages")
WATER = "base_water_points"
blueprint = Blueprint("ogc", __name__, template_folder=str(PAGES))
PER_MINUTE, BURST = 1_200, 300
"""Requests per token: programs read page after page."""
PATIENCE_S = 2.0
"""A question waits so long for its turn. GDAL 3.6 asks for ten features at a time and gives up where it is refused."""
A_DAY_S = 86_400
COMMON = frozenset({"f", "lang"})
CODES = {400: "InvalidParameterValue", 401: "Unauthorized", 403: "Forbidden", 404: "NotFound", 429: "TooManyRequests"}
_throttle = Throttle(per_minute=PER_MINUTE, burst=BURST)
_tables = Tables[Table]()


@blueprint.errorhandler(Problem)
def _problem(problem: Problem) -> Response:
    """The error with the word that the standard asks for, `code`, beside ours."""
    said = errors.answer(problem.status, problem.description, problem.headers)
    body = {"code": CODES.get(problem.status, "NoApplicableCode"), **said.get_json()}
    response = jsonify(body)
    response.status_code = problem.status
    response.headers.update(problem.headers)
    return response


@blueprint.get("/ogc/style.css")
@anybody
def style() -> ResponseReturnValue:
    """The pages' style."""
    return send_from_directory(PAGES, "ogc.css", max_age=A_DAY_S)


@blueprint.get("/ogc", strict_slashes=False)
@needs(*VIEWERS, basic=True)
def home() -> ResponseReturnValue:
    """The landing page of the token's own situation, else of the first that is open to it."""
    _asked()
    found = next((one for one in _open() if one.id == caller().home), next(iter(_open()), None))
    if found is None:
        raise Problem(403, "No situation is open to the token.")
    return _landing(found)


@blueprint.get("/ogc/<name>", strict_slashes=False)
@needs(*VIEWERS, basic=True)
def landing(name: str) -> ResponseReturnValue:
    """The landing page."""
    _asked()
    return _landing(find(name))


@blueprint.get("/ogc/<name>/conformance")
@needs(*VIEWERS, basic=True)
def conformance(name: str) -> ResponseReturnValue:
    """Which classes of the standard are kept."""
    _asked()
    shown = _shown(find(name), "conformance", "conformance")
    return _answer({"conformsTo": list(papers.CONFORMS)}, JSON, shown)


@blueprint.get("/ogc/<name>/api")
@needs(*VIEWERS, basic=True)
def api(name: str) -> ResponseReturnValue:
    """The description of the API for programs."""
    _asked()
    situation = find(name)
    names = {one.id: one.title for one in _collections(situation)}
    document = papers.openapi(_root(situation), _title(situation), version("lagebild"), names)
    return _answer(document, OPENAPI, _shown(situation, "api", "api"))


@blueprint.get("/ogc/<name>/collections")
@needs(*VIEWERS, basic=True)
def collections(name: str) -> ResponseReturnValue:
    """Every collection that the role has."""
    _asked()
    situation = find(name)
    root = _root(situation)
    document = {
        "links": _selves(f"{root}/collections", JSON, "Collections"),
        "collections": [papers.collection(root, one) for one in _collections(situation)],
    }
    return _answer(document, JSON, _shown(situation, "collections", "collections"))


@blueprint.get("/ogc/<name>/collections/<collection>")
@needs(*VIEWERS, basic=True)
def collection(name: str, collection: str) -> ResponseReturnValue:
    """One collection."""
    _asked()
    situation = find(name)
    told = _collection(situation, collection)
    shown = _shown(situation, told.title, f"collections/{told.id}")
    return _answer(papers.collection(_root(situation), told), JSON, shown)


@blueprint.get("/ogc/<name>/collections/<collection>/schema")
@needs(*VIEWERS, basic=True)
def schema(name: str, collection: str) -> ResponseReturnValue:
    """The columns of a collection: of base data always the same, of a layer those that its features have now."""
    _asked()
    situation = find(name)
    told = _collection(situation, collection)
    if told.id in GROUND:
        types, geometry = GROUND[told.id].types, GROUND[told.id].geometry
    elif ogc_own.is_own(told.id):
        table = ogc_own.table(situation, told.id, _site())
        types, geometry = table.types, table.geometry
    else:
        kind = live.collections(caller().role)[told.id][1]
        types, geometry = _table(situation, told.id).types, "Geometry" if kind is None else live.KINDS[kind][2]
    address = f"{_root(situation)}/collections/{told.id}/schema"
    document = columns.schema(told.title, types, address, geometry)
    return _answer(document, SCHEMA_JSON, _shown(situation, told.title, f"collections/{told.id}/schema", told))


@blueprint.get("/ogc/<name>/collections/<collection>/items")
@needs(*VIEWERS, basic=True)
def items(name: str, collection: str) -> ResponseReturnValue:
    """A page of features: ?bbox= &datetime= &limit= &after="""
    query = _asked(PARAMETERS)
    situation = find(name)
    told = _collection(situation, collection)
    try:
        page = _page(situation, told.id, query)
    except BadQuery as error:
        raise Problem(400, str(error)) from error
    here = f"{_root(situation)}/collections/{told.id}"
    links = [*_selves(f"{here}/items", GEOJSON, told.title), link(f"{here}?f=json", "collection", JSON, told.title)]
    if page.after is not None:
        links.append(link(ogc_pages.again(f"{here}/items", after=page.after), "next", GEOJSON, told.title))
    document: dict[str, Any] = {
        "type": "FeatureCollection",
        "title": told.title,
        "situation": situation.id,
        "status": situation.status,
        "timeStamp": iso(situation.clock.now()),
        "numberMatched": page.matched,
        "numberReturned": len(page.features),
        "links": links,
        "features": page.features,
    }
    if told.attribution is not None:
        document["attribution"] = told.attribution
    return _answer(document, GEOJSON, _shown(situation, told.title, f"collections/{told.id}/items", told))


@blueprint.get("/ogc/<name>/collections/<collection>/items/<path:feature>")
@needs(*VIEWERS, basic=True)
def item(name: str, collection: str, feature: str) -> ResponseReturnValue:
    """One feature."""
    _asked()
    situation = find(name)
    told = _collection(situation, collection)
    if told.id in GROUND:
        found = runtime.offload(GROUND[told.id].find, _base(), feature)
        if found is not None and told.id == WATER:
            _joined([found])
    elif ogc_own.is_own(told.id):
        found = ogc_own.table(situation, told.id, _site()).find(feature)
        ogc_own.noted(situation, told.id, 0 if found is None else 1)
    else:
        found = _table(situation, told.id, read=True).find(feature)
    if found is None:
        raise Problem(404, "There is no such feature, or it is not for this role.")
    here = f"{_root(situation)}/collections/{told.id}"
    address = f"{here}/items/{ogc_pages.segment(found['id'])}"
    links = [*_selves(address, GEOJSON, told.title), link(f"{here}?f=json", "collection", JSON, told.title)]
    if ogc_own.is_own(told.id):
        links += [link(one["href"], "enclosure", one["mime"], one["name"]) for one in own.plans(found["properties"])]
    path = f"collections/{told.id}/items/{ogc_pages.segment(found['id'])}"
    return _answer({**found, "links": links}, GEOJSON, _shown(situation, str(found["id"]), path, told))


def _asked(also: frozenset[str] = frozenset()) -> Query:
    """The question, where the token does not ask too often. Raises Problem 400, 429."""
    patience_s = PATIENCE_S
    while wait_s := _throttle.take(caller().token_id):
        patience_s -= wait_s
        if patience_s < 0:
            raise Problem(429, "Too many questions.", {"Retry-After": str(ceil(wait_s))})
        time.sleep(wait_s)
    try:
        query = parse(dict(request.args.lists()), also | COMMON)
    except BadQuery as error:
        raise Problem(400, str(error)) from error
    if request.args.get("f", "json") not in ("json", "html"):
        raise Problem(400, "f: json or html")
    if request.args.get("lang", "de") not in ("de", "en"):
        raise Problem(400, "lang: de or en")
    return query


def _open() -> list[Situation]:
    return [one for one in house().situations.list() if caller().may_enter(one.id)]


def _site() -> str:
    return (house().settings.server.public_url or request.url_root).rstrip("/")


def _root(situation: Situation) -> str:
    return f"{_site()}/ogc/{situation.id}"


def _title(situation: Situation) -> str:
    return f"{EXERCISE}: {situation.title}" if situation.status == "Exercise" else situation.title


def _landing(situation: Situation) -> ResponseReturnValue:
    root, title = _root(situation), _title(situation)
    others = [link(_root(one), "related", JSON, _title(one)) for one in _open() if one.id != situation.id]
    description = ogc_pages.words()["description"].format(role=caller().role)
    document = papers.landing(root, title, description, [*_selves(root, JSON, title), *others])
    told = [papers.collection(root, one) for one in _collections(situation)]
    return _answer(document, JSON, _shown(situation, title, ""), told)


def _base() -> Base:
    found = house().bases.current
    if found is None:
        raise Problem(404, "There is no base data here; `lagebild base build` makes it.")
    return found


def _collections(situation: Situation) -> list[Collection]:
    """Layers of the role first, then own objects for its eyes and base data, where there are any."""
    mark, word = f"{EXERCISE}: " if situation.status == "Exercise" else "", ogc_pages.words()
    told = [
        Collection(id=name, title=mark + live.title(layer, kind, lang()), description=mark + word["live"], timed=True)
        for name, (layer, kind) in live.collections(caller().role).items()
    ]
    told += ogc_own.collections(word["own"], lang())
    base = house().bases.current
    if base is None:
        return told
    at = 0 if lang() == "de" else 1
    manifest = base.manifest
    return told + [
        Collection(
            id=name,
            title=ground.title[at],
            description=f"{word['base']} {manifest.name}, {manifest.built_at}. {manifest.attribution}",
            bbox=manifest.bbox,
            attribution=manifest.attribution,
        )
        for name, ground in GROUND.items()
    ]


def _collection(situation: Situation, name: str) -> Collection:
    found = next((one for one in _collections(situation) if one.id == name), None)
    if found is None:
        raise Problem(404, "There is no such collection, or it is not for this role.")
    return found


def _table(situation: Situation, name: str, read: bool = False) -> Table:
    """The features of a layer as the caller may see them. `read`: they are told, not only their columns."""
    who = caller()
    layer, kind = live.collections(who.role)[name]
    rev, features = house().sync.read(situation, View(role=who.role, unit=who.unit), (layer,))
    if read and who.role in PERSONAL_ROLES:
        house().audit.append("ogc", who, situation.id, collection=name)
    key = (situation.id, situation.epoch, rev, who.role, who.unit, layer, kind)

    def make() -> Table:
        told = [msgspec.json.decode(raw) for raw in features]
        return Table(told, situation.id, situation.status == "Exercise", kind)

    return runtime.offload(_tables.get, key, make)


def _page(situation: Situation, name: str, query: Query) -> Page:
    if name in GROUND:
        page = runtime.offload(GROUND[name].page, _base(), query)
        if name != WATER:
            return page
        features = _joined([msgspec.json.decode(raw) for raw in page.features])
        return msgspec.structs.replace(page, features=[msgspec.Raw(msgspec.json.encode(one)) for one in features])
    if ogc_own.is_own(name):
        page = runtime.offload(ogc_own.table(situation, name, _site()).page, query)
        ogc_own.noted(situation, name, len(page.features))
        return page
    return runtime.offload(_table(situation, name, read=True).page, query)


def _joined(features: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Water points of the map; one that is in the operator's table by that table's word, to whom may see it."""
    own = runtime.offload(house().own_water.on_map, _base(), caller().role)
    for feature in features:
        if feature["id"] in own:
            layer, stored = own[feature["id"]]
            told = feature["properties"]
            told |= {**facts(stored.own, told), "own": f"{layer}/{stored.own.key}"}
    return features


def _selves(address: str, kind: str, title: str) -> list[papers.Link]:
    """The links to the document itself and to its other form."""
    as_html = wants_html()
    forms = (("self" if not as_html else "alternate", kind, "json"), ("self" if as_html else "alternate", HTML, "html"))
    return [link(ogc_pages.again(address, f=form), rel, mime, title) for rel, mime, form in forms]


def _shown(situation: Situation, title: str, path: str, told: Collection | None = None) -> Shown:
    return Shown(
        situation=_title(situation),
        exercise=situation.status == "Exercise",
        root=_root(situation),
        title=title,
        path=path,
        collection=told,
        situations=[(_title(one), _root(one)) for one in _open() if one.id != situation.id],
    )


def _answer(
    document: dict[str, Any], kind: str, shown: Shown, listed: list[dict[str, Any]] | None = None
) -> ResponseReturnValue:
    """The document as JSON or as a page. Its tag is of what it says, not of when it was said."""
    lasting = {name: value for name, value in document.items() if name != "timeStamp"}
    body = runtime.offload(msgspec.json.encode, document)
    tag = runtime.offload(ogc_pages.digest, lasting, wants_html(), lang())
    if wants_html():
        response = Response(ogc_pages.page(document, shown, listed), content_type=f"{HTML}; charset=utf-8")
        response.headers["Content-Security-Policy"] = ogc_pages.CSP
    else:
        response = Response(body, content_type=kind)
    response.set_etag(tag, weak=True)
    response.headers["Cache-Control"] = "private, no-cache"
    response.headers["Vary"] = "Accept, Authorization, X-Auth-Token"
    response.make_conditional(request)
    return response
