"""Base data of real places, each built once for all tests of the field."""

from collections.abc import Callable
from pathlib import Path

import pytest

from server.base.base import Base
from tests.once import base_once

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
