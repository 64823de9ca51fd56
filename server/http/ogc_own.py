"""The operator's own objects in the OGC API: for the audience of each layer, as GET /objects gives them.

A layer that is bound to missions (`mission_only`) shows a crew what is near its open missions of that situation, its
extent and number to nobody but the control room, and each reading of it enters the audit trail.
"""

from urllib.parse import urlencode

from flask import request
from msgspec.structs import replace

from server import runtime
from server.base.objects.library import Objects, Reader
from server.house import House
from server.http.guard import caller, house
from server.http.objects import note, on_map, reader
from server.ogc.live import KINDS, Tables
from server.ogc.own import DOT, PREFIX, Layer, OwnTable, kinds_of, layer_of
from server.ogc.papers import Collection
from server.situations import Situation

_tables = Tables[OwnTable]()


def collections(word: str, lang: str) -> list[Collection]:
    """The layers of the caller's role. `word`: what such a layer is called."""
    return runtime.offload(_collections, house().objects, caller().role, word, lang)


def _collections(objects: Objects, role: str, word: str, lang: str) -> list[Collection]:
    found: list[Collection] = []
    for name in objects.names(role):
        one, data_at = objects.settings[name], objects.state(name).data_at
        everything = not one.mission_only or role == "control"
        whole = Collection(
            id=PREFIX + name,
            title=one.title,
            description=f"{one.purpose} ({word}{', ' + data_at if data_at else ''})",
            bbox=objects.box(name) if everything else None,
            timed=True,
            attribution=one.attribution,
            licence=one.licence,
        )
        kinds = kinds_of(objects.geometries(name)) if everything else ()
        parts = [
            replace(whole, id=f"{whole.id}{DOT}{kind}", title=f"{one.title} ({KINDS[kind][1][lang != 'de']})")
            for kind in kinds
        ]
        found += [whole, *parts]
    return found


def is_own(collection: str) -> bool:
    """Is it a layer of own objects?"""
    return collection.startswith(PREFIX)


def table(situation: Situation, collection: str, base_url: str) -> OwnTable:
    """The objects of a layer that the caller may see; who asks has found it among `collections`."""
    who, question = reader(situation), urlencode({"situation": situation.id})
    return runtime.offload(_table, house(), collection, who, (f"{base_url.rstrip('/')}/objects", question))


def _table(rooms: House, collection: str, who: Reader, addresses: tuple[str, str]) -> OwnTable:
    objects, (name, kind) = rooms.objects, layer_of(collection)
    one, state, base = objects.settings[name], objects.state(name), rooms.bases.current
    near = who.missions if one.mission_only and who.role != "control" else None

    def make() -> OwnTable:
        layer = Layer(
            name=name,
            settings=one,
            data_at=state.data_at,
            on_map=on_map(rooms, name) if one.kind == "hydrant" else {},
            objects_url=addresses[0],
            question=addresses[1],
        )
        return OwnTable(layer, objects.find(name, who), kind)

    # What is not bound to missions is the same for every role of the audience.
    key = (collection, state.version, state.data_at, None if base is None else base.manifest.version, near, addresses)
    return _tables.get(key, make)


def noted(situation: Situation, collection: str, count: int) -> None:
    """So many objects were told; of a layer that is bound to missions the audit trail says so."""
    note(layer_of(collection)[0], situation, count=count, path=request.path[:200])
