"""The documents around the collections: landing page, conformance, collections, and the description of the API."""

from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import Struct

from server.ogc.query import DEFAULT_LIMIT, MOST

Document = dict[str, Any]
Link = dict[str, str]
CONFORMS = tuple(
    f"http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/{name}" for name in ("core", "oas30", "html", "geojson")
)
CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
GREGORIAN = "http://www.opengis.net/def/uom/ISO-8601/0/Gregorian"
JSON, GEOJSON, HTML = "application/json", "application/geo+json", "text/html"
SCHEMA_JSON = "application/schema+json"
OPENAPI = "application/vnd.oai.openapi+json;version=3.0"
ODBL = "https://opendatacommons.org/licenses/odbl/1-0/"


class Collection(Struct, frozen=True, kw_only=True):
    """What is told of a collection. `bbox` in degrees, None where it changes all the time."""

    id: str
    title: str
    description: str
    bbox: tuple[float, float, float, float] | None = None
    timed: bool = False
    attribution: str | None = None
    licence: str | None = None
    """Address of what the data may be used for."""


def link(href: str, rel: str, kind: str, title: str) -> Link:
    """A link as OGC APIs write it."""
    return {"href": href, "rel": rel, "type": kind, "title": title}


def landing(root: str, title: str, description: str, links: Iterable[Link]) -> Document:
    """The landing page of a situation. `links` lead to itself and to others."""
    return {
        "title": title,
        "description": description,
        "links": [
            *links,
            link(f"{root}/api?f=json", "service-desc", OPENAPI, "OpenAPI 3.0"),
            link(f"{root}/api?f=html", "service-doc", HTML, "OpenAPI 3.0"),
            link(f"{root}/conformance", "conformance", JSON, "Conformance"),
            link(f"{root}/collections", "data", JSON, "Collections"),
        ],
    }


def collection(root: str, told: Collection) -> Document:
    """One collection with the ways to its features."""
    here = f"{root}/collections/{told.id}"
    links = [
        link(f"{here}?f=json", "self", JSON, told.title),
        link(f"{here}?f=html", "alternate", HTML, told.title),
        link(f"{here}/items?f=json", "items", GEOJSON, told.title),
        link(f"{here}/items?f=html", "items", HTML, told.title),
        # The word of IANA, and as GDAL 3.6 looks for it.
        *(link(f"{here}/schema?f=json", rel, SCHEMA_JSON, told.title) for rel in ("describedby", "describedBy")),
    ]
    document: Document = {
        "id": told.id,
        "title": told.title,
        "description": told.description,
        "itemType": "feature",
        "crs": [CRS84],
        "links": links,
    }
    extent: Document = {}
    if told.bbox is not None:
        extent["spatial"] = {"bbox": [list(told.bbox)], "crs": CRS84}
    if told.timed:
        extent["temporal"] = {"interval": [[None, None]], "trs": GREGORIAN}
    if extent:
        document["extent"] = extent
    if told.attribution is not None:
        document["attribution"] = told.attribution
        if "OpenStreetMap" in told.attribution:
            links.append(link(ODBL, "license", HTML, "Open Database License 1.0"))
    if told.licence is not None:
        links.append(link(told.licence, "license", HTML, told.licence))
    return document


def openapi(root: str, title: str, version: str, names: Mapping[str, str]) -> Document:
    """The API as OpenAPI 3.0. `names`: id and title of each collection."""
    known = {"name": "collection", "in": "path", "required": True, "schema": {"type": "string", "enum": [*names]}}
    one = {"name": "feature", "in": "path", "required": True, "schema": {"type": "string"}}
    items = "/collections/{collection}/items"
    return {
        "openapi": "3.0.3",
        "info": {
            "title": title,
            "version": version,
            "description": "OGC API - Features: " + ", ".join(names.values()),
            "license": {"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
        },
        "servers": [{"url": root}],
        "tags": [{"name": "Capabilities"}, {"name": "Data"}],
        "paths": {
            "/": _get("landing", "Capabilities", JSON, "landing"),
            "/conformance": _get("conformance", "Capabilities", JSON, "conformance"),
            "/api": _get("api", "Capabilities", OPENAPI, "api"),
            "/collections": _get("collections", "Data", JSON, "collections"),
            "/collections/{collection}": _get("collection", "Data", JSON, "collection", known),
            "/collections/{collection}/schema": _get("schema", "Data", SCHEMA_JSON, "schema", known),
            items: _get("items", "Data", GEOJSON, "items", known, *({"$ref": _parameter(name)} for name in _QUERY)),
            f"{items}/{{feature}}": _get("item", "Data", GEOJSON, "item", known, one),
        },
        "components": {
            "parameters": {**_QUERY, "f": _F, "lang": _LANG},
            "schemas": _SCHEMAS,
            "responses": {name: _error(text) for name, text in _ERRORS.items()},
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "basic": {"type": "http", "scheme": "basic", "description": "Any user, the token as password"},
                "header": {"type": "apiKey", "in": "header", "name": "X-Auth-Token"},
            },
        },
        "security": [{"bearer": []}, {"basic": []}, {"header": []}],
    }


def _parameter(name: str) -> str:
    return f"#/components/parameters/{name}"


def _get(operation: str, tag: str, kind: str, answer: str, *parameters: Document) -> Document:
    found = {
        "description": "OK",
        "content": {
            kind: {"schema": {"$ref": f"#/components/schemas/{answer}"}},
            HTML: {"schema": {"type": "string"}},
        },
    }
    errors = {code: {"$ref": f"#/components/responses/{code}"} for code in _ERRORS}
    return {
        "get": {
            "operationId": operation,
            "tags": [tag],
            "summary": _SUMMARIES[operation],
            "parameters": [*parameters, {"$ref": _parameter("f")}, {"$ref": _parameter("lang")}],
            "responses": {"200": found, **errors},
        }
    }


def _error(text: str) -> Document:
    return {"description": text, "content": {JSON: {"schema": {"$ref": "#/components/schemas/exception"}}}}


_SUMMARIES = {
    "landing": "Landing page",
    "conformance": "What of the standard is kept",
    "api": "This description",
    "collections": "The collections",
    "collection": "One collection",
    "schema": "The properties of its features as JSON Schema",
    "items": "Its features, page by page",
    "item": "One feature",
}
_ERRORS = {
    "400": "The question cannot be understood",
    "401": "A valid token is needed",
    "403": "Not for this token",
    "404": "There is no such thing",
    "429": "Too many questions; Retry-After says when to come back",
}
_F = {"name": "f", "in": "query", "schema": {"type": "string", "enum": ["json", "html"]}}
_LANG = {"name": "lang", "in": "query", "schema": {"type": "string", "enum": ["de", "en"]}}
_QUERY: dict[str, Document] = {
    "bbox": {
        "name": "bbox",
        "in": "query",
        "description": "west,south,east,north in degrees; with six numbers the heights are not looked at. West beyond "
        "east crosses the antimeridian. Features without a geometry match.",
        "style": "form",
        "explode": False,
        "schema": {
            "type": "array",
            "oneOf": [{"minItems": 4, "maxItems": 4}, {"minItems": 6, "maxItems": 6}],
            "items": {"type": "number"},
        },
    },
    "datetime": {
        "name": "datetime",
        "in": "query",
        "description": "An instant or an interval, `..` for an open end; compared with observed_at.",
        "style": "form",
        "explode": False,
        "schema": {"type": "string"},
    },
    "limit": {
        "name": "limit",
        "in": "query",
        "style": "form",
        "explode": False,
        "schema": {"type": "integer", "minimum": 1, "maximum": MOST, "default": DEFAULT_LIMIT},
    },
    "after": {
        "name": "after",
        "in": "query",
        "description": "Where the next page begins; taken from the link `next`.",
        "schema": {"type": "string"},
    },
}
_TEXT: Document = {"type": "string"}
_LINKS: Document = {"type": "array", "items": {"$ref": "#/components/schemas/link"}}
_COUNT: Document = {"type": "integer", "minimum": 0}
_SCHEMAS: dict[str, Document] = {
    "link": {
        "type": "object",
        "required": ["href", "rel"],
        "properties": dict.fromkeys(("href", "rel", "type", "title"), _TEXT),
    },
    "exception": {
        "type": "object",
        "required": ["code"],
        "properties": dict.fromkeys(("code", "error", "description"), _TEXT),
    },
    "landing": {
        "type": "object",
        "required": ["links"],
        "properties": {"title": _TEXT, "description": _TEXT, "links": _LINKS},
    },
    "conformance": {
        "type": "object",
        "required": ["conformsTo"],
        "properties": {"conformsTo": {"type": "array", "items": _TEXT}},
    },
    "api": {"type": "object"},
    "schema": {"type": "object"},
    "collections": {
        "type": "object",
        "required": ["links", "collections"],
        "properties": {
            "links": _LINKS,
            "collections": {"type": "array", "items": {"$ref": "#/components/schemas/collection"}},
        },
    },
    "collection": {
        "type": "object",
        "required": ["id", "links"],
        "properties": {
            **dict.fromkeys(("id", "title", "description", "itemType", "attribution"), _TEXT),
            "extent": {"type": "object"},
            "crs": {"type": "array", "items": _TEXT},
            "links": _LINKS,
        },
    },
    "items": {
        "type": "object",
        "required": ["type", "features"],
        "properties": {
            "type": {"type": "string", "enum": ["FeatureCollection"]},
            "features": {"type": "array", "items": {"$ref": "#/components/schemas/item"}},
            "links": _LINKS,
            "timeStamp": {"type": "string", "format": "date-time"},
            "numberMatched": _COUNT,
            "numberReturned": _COUNT,
        },
    },
    "item": {
        "type": "object",
        "required": ["type", "geometry", "properties"],
        "properties": {
            "type": {"type": "string", "enum": ["Feature"]},
            "id": {"oneOf": [_TEXT, {"type": "integer"}]},
            "geometry": {"type": "object", "nullable": True},
            "properties": {"type": "object", "nullable": True},
            "links": _LINKS,
        },
    },
}
