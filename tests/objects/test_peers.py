"""Own objects from programs that are not ours: a GeoPackage that GDAL wrote, and a running OGC API - Features."""

import json
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from server.base.base import Base
from server.base.objects.bring import bring, checked
from server.base.objects.raw import SourceError
from server.base.objects.remote import fetch
from server.base.objects.store import Layer
from tests.objects.samples import KAMP, layer
from tests.server import Server


def test_a_geopackage_that_gdal_wrote(tmp_path: Path) -> None:
    lon, lat = KAMP
    square = [[lon, lat], [lon + 0.001, lat], [lon + 0.001, lat + 0.001], [lon, lat]]
    shapes = [{"type": "Point", "coordinates": [lon, lat, 110.0]}, {"type": "Polygon", "coordinates": [square]}]
    features = [
        {"type": "Feature", "geometry": shape, "properties": {"NUMMER": f"S {number}", "STAND": "2026/09/12"}}
        for number, shape in enumerate(shapes, 1)
    ]
    (tmp_path / "s.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    subprocess.run(
        ["ogr2ogr", "-f", "GPKG", "-t_srs", "EPSG:25832", tmp_path / "s.gpkg", tmp_path / "s.geojson"], check=True
    )
    found = checked(Layer(tmp_path, "test"), layer(tmp_path / "s.gpkg", fields={"ref": "NUMMER"}))
    assert found.refused == []
    assert [one.ref for one in found.objects] == ["S 1", "S 2"]
    # There and back again through UTM.
    assert found.objects[0].geometry["coordinates"] == pytest.approx([lon, lat], abs=3e-7)
    assert found.objects[1].geometry["type"] == "Polygon"
    assert found.objects[1].geometry["coordinates"][0][1] == pytest.approx(square[1], abs=3e-7)


def test_another_server_of_ours_is_read_page_by_page(town_base: Base, tmp_path: Path) -> None:
    with Server(tmp_path / "peer", "--no-demo", LAGEBILD_BASE_FOLDER=str(town_base.folder)) as peer:
        source = f"{peer.url}/ogc/live/collections/base_water_points"
        with pytest.raises(SourceError, match="401"):
            fetch(layer(source))
        told = layer(
            f"{source}?limit=7", auth="bearer", secret=peer.token("liaison"), kind="hydrant", fields={"hydrant": "kind"}
        )
        one = Layer(tmp_path / "own", "test")
        state = bring(one, told, lambda: datetime.now(UTC))
        assert state.trouble is None
        rows = town_base.db.execute("SELECT kind, ref, lon_deg, lat_deg FROM water_points").fetchall()
        assert state.count == len(rows) > 7
        known = {(round(row["lon_deg"], 6), round(row["lat_deg"], 6)) for row in rows}
        found = one.read()
        assert {tuple(round(part, 6) for part in stored.own.geometry["coordinates"]) for stored in found} == known
        assert {stored.own.ref for stored in found} == {row["ref"] or "" for row in rows}
