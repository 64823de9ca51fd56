"""GDAL's programs as GIS users run them, against a server."""

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any


class Gdal:
    """ogrinfo and ogr2ogr with a token as the password."""

    def __init__(self, url: str, token: str) -> None:
        self.source = f"OAPIF:{url}"
        self.environment = {
            **os.environ,
            "GDAL_HTTP_AUTH": "BASIC",
            "GDAL_HTTP_USERPWD": f"qgis:{token}",
            "GDAL_HTTP_TIMEOUT": "60",
        }

    def run(self, *words: str) -> str:
        """A program to its end; what it printed. It may not complain about anything."""
        done = subprocess.run(
            words,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            env=self.environment,
            stdin=subprocess.DEVNULL,
        )
        assert (done.returncode, done.stderr) == (0, ""), (words, done.stdout[-2000:], done.stderr)
        return done.stdout

    def layers(self) -> list[str]:
        """Names of the collections, as ogrinfo lists them."""
        lines = self.run("ogrinfo", "-q", self.source).splitlines()
        return [line.split(": ", 1)[1].split(" (")[0] for line in lines if line[:1].isdigit()]

    def read(self, layer: str, page: int, folder: Path, *options: str) -> list[dict[str, Any]]:
        """All features of a collection, page after page."""
        out = folder / f"{layer}.geojson"
        out.unlink(missing_ok=True)
        paging = ("-oo", f"PAGE_SIZE={page}")
        self.run("ogr2ogr", "-f", "GeoJSON", str(out), self.source, layer, *paging, *options)
        features: list[dict[str, Any]] = json.loads(out.read_text(encoding="utf-8"))["features"]
        return features


def features_by_gdal(file: Path, *layers: str) -> list[dict[str, Any]]:
    """What GDAL reads in a file: all its layers, or some."""
    names = layers or tuple(layers_by_gdal(file))
    found = []
    for name in names:
        done = subprocess.run(
            ("ogr2ogr", "-f", "GeoJSON", "/vsistdout/", str(file), name),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, ""), (name, done.stderr)
        found += json.loads(done.stdout)["features"]
    return found


def layers_by_gdal(file: Path) -> dict[str, str]:
    """Layers of a file with their kind of geometry, as ogrinfo tells them."""
    done = subprocess.run(("ogrinfo", "-q", str(file)), capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    lines = [line.split(": ", 1)[1] for line in done.stdout.splitlines()]
    return {line.rsplit(" (", 1)[0]: line.rsplit(" (", 1)[-1].rstrip(")") for line in lines}


def ids_by_gdal(file: Path) -> set[str]:
    """Ids of all features in a file."""
    done = subprocess.run(("ogrinfo", "-q", "-al", str(file)), capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return set(re.findall(r"^  id \(String\) = (.+)$", done.stdout, re.MULTILINE))
