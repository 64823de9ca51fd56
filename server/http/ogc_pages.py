"""The OGC API for people: its documents as plain pages, readable without a script. All values are escaped by Jinja."""

import hashlib
from typing import Any
from urllib.parse import quote, urlencode

import msgspec
from flask import render_template, request
from msgspec import Struct

from server.http.guard import house
from server.http.ogc_words import WORDS
from server.ogc.columns import TIME, text
from server.ogc.papers import GEOJSON, HTML, JSON, OPENAPI, SCHEMA_JSON, Collection

CSP = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
JSONS = (JSON, GEOJSON, OPENAPI, SCHEMA_JSON)
LANGS = ("de", "en")


class Shown(Struct, frozen=True, kw_only=True):
    """What a page shows besides its document. `path` is what comes after `root`."""

    situation: str
    exercise: bool
    root: str
    title: str
    path: str
    collection: Collection | None
    situations: list[tuple[str, str]]


def wants_html() -> bool:
    """Whether a person asks: `f`, else what the browser accepts; programs that say nothing get JSON."""
    form = request.args.get("f")
    if form is not None:
        return form == "html"
    return request.accept_mimetypes.best_match([*JSONS, HTML]) == HTML


def lang() -> str:
    """The language of titles and pages."""
    said = request.args.get("lang")
    if said in LANGS:
        return said
    usual = house().settings.server.lang
    return usual if usual in LANGS else LANGS[0]


def words() -> dict[str, str]:
    """What pages say in the language of the request."""
    return WORDS[lang()]


def segment(feature_id: Any) -> str:
    """The id of a feature as one segment of an address."""
    return quote(str(feature_id), safe=":")


def again(address: str, **changed: str) -> str:
    """The address with the query of the request and some of it changed."""
    said = {**request.args.to_dict(), **changed}
    return f"{address}?{urlencode(said)}" if said else address


def digest(lasting: dict[str, Any], as_html: bool, language: str) -> str:
    """The tag of a document."""
    said = hashlib.sha256(msgspec.json.encode(lasting))
    said.update(f"{as_html} {language}".encode())
    return said.hexdigest()[:32]


def page(document: dict[str, Any], shown: Shown, listed: list[dict[str, Any]] | None) -> str:
    """The document as HTML."""
    here, t = f"{shown.root}/{shown.path}".rstrip("/"), words()
    told: dict[str, Any] = {
        "lang": lang(),
        "t": t,
        "exercise": shown.exercise,
        "title": t.get(shown.title, shown.title),
        "crumbs": _crumbs(shown),
        "json": again(here, f="json"),
        "other": again(here, f="html", lang=t["other"]),
        "attribution": document.get("attribution") or (shown.collection and shown.collection.attribution),
    }
    if not shown.path:
        told |= {
            "description": document["description"],
            "address": shown.root,
            "situations": [(name, _with(root)) for name, root in shown.situations],
            "links": [(t[name], _with(f"{shown.root}/{name}")) for name in ("api", "conformance")],
            "collections": [_row(one, shown) for one in listed or ()],
        }
    elif "collections" in document:
        told["collections"] = [_row(one, shown) for one in document["collections"]]
    elif document.get("type") == "FeatureCollection":
        told |= _features(document, here)
    elif document.get("type") == "Feature":
        facts = [(name, _cell(value)) for name, value in document["properties"].items()]
        told["facts"] = [*facts, (t["geometry"], text(document["geometry"]))]
        told["links"] = [(one["title"], one["href"]) for one in document["links"] if one["rel"] == "enclosure"]
    elif "itemType" in document:
        told["description"] = document["description"]
        told["links"] = [(t[name], _with(f"{here}/{name}")) for name in ("items", "schema")]
        told["links"] += [(one["title"], one["href"]) for one in document["links"] if one["rel"] == "license"]
    else:
        told["text"] = msgspec.json.format(msgspec.json.encode(document), indent=2).decode()
    return render_template("ogc.html", **told)


def _with(address: str) -> str:
    return f"{address}?{urlencode({'f': 'html', 'lang': lang()})}"


def _crumbs(shown: Shown) -> list[tuple[str, str]]:
    crumbs = [(shown.situation, _with(shown.root))]
    if shown.path.startswith("collections"):
        crumbs.append((words()["collections"], _with(f"{shown.root}/collections")))
    if shown.collection is not None:
        crumbs.append((shown.collection.title, _with(f"{shown.root}/collections/{shown.collection.id}")))
    return crumbs


def _row(one: dict[str, Any], shown: Shown) -> dict[str, str]:
    here = f"{shown.root}/collections/{one['id']}"
    return {"id": one["id"], "title": one["title"], "href": _with(here), "items": _with(f"{here}/items")}


def _features(document: dict[str, Any], here: str) -> dict[str, Any]:
    features = [msgspec.json.decode(raw) for raw in document["features"]]
    columns = list(features[0]["properties"]) if features else []
    after = next((one["href"] for one in document["links"] if one["rel"] == "next"), None)
    return {
        "count": words()["count"].format(returned=document["numberReturned"], matched=document["numberMatched"]),
        "stamp": _cell(document["timeStamp"]),
        "columns": columns,
        "rows": [
            {
                "id": feature["id"],
                "href": _with(f"{here}/{segment(feature['id'])}"),
                "cells": [_cell(feature["properties"][name]) for name in columns],
                "geometry": (feature["geometry"] or {}).get("type", "–"),
            }
            for feature in features
        ],
        "next": after,
        "first": _with(here) if "after" in request.args else None,
    }


def _cell(value: Any) -> str:
    """A value as people read it: times to the second on a 24-hour clock, yes and no."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return words()["yes" if value else "no"]
    told = text(value)
    if not TIME.fullmatch(told):
        return told
    day = f"{told[8:10]}.{told[5:7]}.{told[:4]}" if lang() == "de" else told[:10]
    return f"{day} {told[11:19]} UTC"
