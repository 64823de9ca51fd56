"""How long and how large: base data of real places and of a district of 300,000 people."""

import os
import subprocess
from pathlib import Path

import pytest

from fixtures.library import town_osm_path
from tests.bench.district import write_district
from tests.bench.swarm import table
from tests.field.conftest import EXTRACTS
from tests.server import COMMAND

pytestmark = [pytest.mark.bench, pytest.mark.timeout(1800)]

MOST_S = 600.0
MOST_MB = 4000.0


def measured(extract: Path, out: Path) -> tuple[float, float]:
    """CPU seconds and the largest resident memory in MB of one build in a process of its own."""
    process = subprocess.Popen([COMMAND, "base", "build", str(extract), "--out", str(out), "--quiet"])
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def test_building(samples: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    extracts = {"Padertopia": town_osm_path()}
    extracts |= {name: path for name, file in EXTRACTS.items() if (path := samples / "basemap" / file).is_file()}
    extracts["district of 300,000 people"] = write_district(tmp_path / "district.osm.pbf")
    rows = []
    for name, path in extracts.items():
        out = tmp_path / name
        cpu_s, memory_mb = measured(path, out)
        built_mb = sum(file.stat().st_size for file in out.rglob("*") if file.is_file()) / 1e6
        rows.append((name, f"{path.stat().st_size / 1e6:.1f}", f"{cpu_s:.1f}", f"{memory_mb:.0f}", f"{built_mb:.1f}"))
        assert cpu_s < MOST_S
        assert memory_mb < MOST_MB
    with capsys.disabled():
        print(table("Base data", ("extract", "MB", "CPU s", "memory MB", "built MB"), rows))
