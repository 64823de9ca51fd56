"""Own objects for a server that GIS programs read."""

import json
from pathlib import Path
from typing import Any

from tests.objects.samples import pdf

OWN = {
    "own_depots": ("control", "crew"),
    "own_hydranten": ("control", "crew", "planner", "liaison", "admin"),
    "own_sperrungen": ("control", "liaison"),
    **{f"own_sperrungen.{kind}": ("control", "liaison") for kind in ("points", "lines", "areas")},
}
"""Own objects with their audience: key safes of which one has a plan, hydrants, closures of three kinds of geometry."""
SETTINGS = """
[base.objects.depots]
source = "{folder}/depots.csv"
kind = "key_safe"
title = "Schlüsseldepots"
purpose = "Zugang"
audience = ["control", "crew"]
mission_only = true

[base.objects.hydranten]
source = "{folder}/hydranten.csv"
kind = "hydrant"
title = "Hydranten der Stadtwerke"
purpose = "Löschwasser"
audience = ["control", "crew", "planner", "liaison", "admin"]
show = {{ "Zuständige Zone" = "zone" }}
attribution = "Stadtwerke"
licence = "https://www.govdata.de/dl-de/by-2-0"

[base.objects.sperrungen]
source = "{folder}/sperrungen.geojson"
kind = "closure"
title = "Sperrungen"
purpose = "Anfahrt"
audience = ["control", "liaison"]
"""
CLOSED: list[dict[str, Any]] = [
    {"type": "Point", "coordinates": [8.9, 51.9]},
    {"type": "LineString", "coordinates": [[8.9, 51.9], [8.91, 51.9]]},
    {"type": "Polygon", "coordinates": [[[8.9, 51.9], [8.91, 51.9], [8.91, 51.91], [8.9, 51.9]]]},
]


def write_own_objects(folder: Path, data: Path) -> None:
    """Sources beside the data folder, and the settings that name them."""
    (folder / "plans").mkdir()
    (folder / "plans" / "S 2.pdf").write_bytes(pdf())
    (folder / "depots.csv").write_text("ref;lon;lat\nS 1;8.95;51.95\nS 2;8.96;51.95\n", encoding="utf-8")
    rows = "".join(f"H {n};UFH;{8.9 + n / 1000};51.9;{n / 2};Höhe {n}\n" for n in range(23))
    head = "ref;hydrant;lon;lat;pressure_bar;zone\n"
    (folder / "hydranten.csv").write_text(head + rows, encoding="utf-8")
    features = [
        {"type": "Feature", "geometry": shape, "properties": {"ref": f"C{n}", "valid_from": "2026-07-25T08:00:00Z"}}
        for n, shape in enumerate(CLOSED)
    ]
    (folder / "sperrungen.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    data.mkdir()
    (data / "lagebild.toml").write_text(SETTINGS.format(folder=folder), encoding="utf-8")
