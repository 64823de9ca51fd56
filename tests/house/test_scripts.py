"""The scripts that set a machine up say plainly what is missing."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.house.repository import ROOT

BASH = shutil.which("bash") or "bash"


def run(script: str, *arguments: str, path: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Runs a script of .ci with nothing on its PATH but what a test put there."""
    command = [BASH, str(ROOT / ".ci" / script), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, env={"PATH": str(path), **environment})


def program(folder: Path, name: str, text: str) -> None:
    """Writes a small shell program."""
    path = folder / name
    path.write_text(f"#!{BASH}\n{text}\n", encoding="utf-8")
    path.chmod(0o755)


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """A PATH with the few programs that any system has."""
    for tool in ("cat", "grep", "find", "mktemp", "rm", "id", "ls"):
        found = shutil.which(tool)
        assert found, tool
        (tmp_path / tool).symlink_to(found)
    return tmp_path


@pytest.mark.parametrize("script", sorted(path.name for path in (ROOT / ".ci").iterdir()))
def test_every_script_is_executable_bash(script: str) -> None:
    path = ROOT / ".ci" / script
    assert os.access(path, os.X_OK)
    assert path.read_text(encoding="utf-8").startswith("#!/usr/bin/env bash\n")
    subprocess.run([BASH, "-n", str(path)], check=True)


def test_no_python_is_named_with_the_way_to_get_one(bare: Path) -> None:
    outcome = run("find-python", path=bare)
    assert outcome.returncode == 1
    assert outcome.stdout == ""
    assert "Python 3.11 or newer" in outcome.stderr
    assert "apt-get install python3 python3-venv" in outcome.stderr


def test_a_python_that_is_too_old_is_passed_over(bare: Path) -> None:
    program(bare, "python3", "exit 1")  # what the version check of an old one comes to
    program(bare, "python3.12", "exit 0")
    assert run("find-python", path=bare).stdout.strip() == str(bare / "python3.12")


def test_a_python_that_was_asked_for_is_not_replaced_by_another(bare: Path) -> None:
    program(bare, "python3", "exit 0")
    outcome = run("find-python", path=bare, PYTHON="python3.9")
    assert outcome.returncode == 1
    assert "PYTHON=python3.9" in outcome.stderr


def test_a_missing_system_package_is_named_to_who_may_not_install_it(bare: Path) -> None:
    (bare / "id").unlink()
    program(bare, "id", "echo 1000")
    program(bare, "apt-get", "echo must not run; exit 9")
    outcome = run("system-packages", path=bare)
    assert outcome.returncode == 1
    assert "apt-get install --no-install-recommends" in outcome.stderr
    assert "chromium" in outcome.stderr.split()
    assert "must not run" not in outcome.stdout


def test_an_administrator_gets_what_is_missing_and_no_more(bare: Path) -> None:
    (bare / "id").unlink()
    program(bare, "id", "echo 0")
    log = bare / "calls"
    program(bare, "apt-get", f'echo "$DEBIAN_FRONTEND $*" >>{log}')
    program(bare, "Xvfb", "exit 0")
    outcome = run("system-packages", path=bare)
    # This apt-get installs nothing, and the script does not take its word for it.
    assert outcome.returncode == 1
    assert "apt-get succeeded, yet this is still missing" in outcome.stderr
    update, install = log.read_text(encoding="utf-8").splitlines()
    assert update.split()[0] == install.split()[0] == "noninteractive"
    assert update.endswith("update")
    assert "chromium" in install.split()
    assert "xvfb" not in install.split()
