"""What tests of the field share: base data of real places, each built once, and the examples of INSPIRE, sent."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from server.base.base import Base
from tests.field.inspire import Inspire
from tests.once import base_once
from tests.server import Server

EXTRACTS = {
    "bayreuth": "north-bayreuth.osm.gz",
    "krems": "krems.osm.gz",
    "helsinki": "Helsinki.osm.pbf",
    "laufamholz": "Laufamholzstrasse.osm.xml",
}
Bases = Callable[[str], Base]


@pytest.fixture(scope="session")
def bases(samples: Path, tmp_path_factory: pytest.TempPathFactory) -> Bases:
    """bases("krems"): base data of a place of EXTRACTS, built when first asked for. For reading: do not close it."""
    made: dict[str, Base] = {}

    def base(place: str) -> Base:
        if place not in made:
            extract = samples / "basemap" / EXTRACTS[place]
            made[place] = base_once(tmp_path_factory, place, extract, "--name", place)
        return made[place]

    return base


@pytest.fixture(scope="module")
def inspire(samples: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Inspire]:
    """The examples of the INSPIRE data model on a running server. For reading: post nothing to it."""
    with Server(tmp_path_factory.mktemp("inspire"), "--no-demo") as server:
        yield Inspire(server, samples / "inspire")
