"""Sign-in: a one-time code becomes a token; who am I; the register of tokens for administrators."""

from math import ceil
from typing import Any

import msgspec
from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue
from msgspec import Struct

from server.access import AccessError, Role
from server.http.body import read
from server.http.errors import Problem
from server.http.guard import address, anybody, caller, house, needs

blueprint = Blueprint("auth", __name__)
EVERYBODY = tuple(Role)


class Exchange(Struct, forbid_unknown_fields=True):
    """A sign-in code."""

    code: str


class NewToken(Struct, kw_only=True, forbid_unknown_fields=True):
    """What a token is to be good for."""

    role: str
    name: str
    unit: str | None = None
    situations: str | None = None
    days: float | None = None


@blueprint.post("/auth/exchange")
@anybody
def exchange() -> ResponseReturnValue:
    """Burn a code for a token."""
    wish = read(Exchange)
    wait_s = house().failures.wait_s(address())
    if wait_s:
        raise Problem(429, "Too many wrong codes from this address.", {"Retry-After": str(ceil(wait_s))})
    found = house().access.exchange(wish.code)
    if found is None:
        house().failures.take(address())
        house().metrics.sign_in_failures.inc()
        raise Problem(401, "This sign-in link was used before, has expired or never existed.")
    who = found.principal
    house().audit.append("sign-in", who, found.situation or "", unit=who.unit)
    return jsonify(
        token=found.token, role=who.role, name=who.name, unit=who.unit, situation=found.situation or who.home
    )


@blueprint.get("/auth/me")
@needs(*EVERYBODY)
def me() -> ResponseReturnValue:
    """Whose token this is."""
    who = caller()
    return jsonify(role=who.role, name=who.name, unit=who.unit, situation=who.home, situations=who.situations)


@blueprint.get("/tokens")
@needs("admin")
def tokens() -> ResponseReturnValue:
    """Every token without the token."""
    return jsonify(tokens=[msgspec.structs.asdict(row) for row in house().access.list()])


@blueprint.post("/tokens")
@needs("admin")
def create_token() -> ResponseReturnValue:
    """A new token, shown in this answer and never again."""
    wish = read(NewToken)
    if wish.days is not None and not 0 < wish.days <= 3660:
        raise Problem(422, "days: more than 0, at most 3660")
    try:
        token, row = house().access.create(wish.role, wish.name, wish.unit, wish.situations, wish.days)
    except AccessError as error:
        raise Problem(422, str(error)) from error
    house().audit.append("token-created", caller(), id=row.id, role=row.role, token_name=row.name)
    answer: dict[str, Any] = {"token": token, **msgspec.structs.asdict(row)}
    return jsonify(answer), 201


@blueprint.delete("/tokens/<token_id>")
@needs("admin")
def revoke_token(token_id: str) -> ResponseReturnValue:
    """Close a token; its connections end within a second."""
    try:
        house().access.revoke(token_id)
    except AccessError as error:
        raise Problem(404, str(error)) from error
    house().audit.append("token-revoked", caller(), id=token_id)
    return "", 204
