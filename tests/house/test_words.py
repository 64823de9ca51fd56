"""Nothing of the machine it was written on is in the repository: no registry's address, no path of a checkout."""

import re
import shutil
import subprocess
import sys

import pytest

from tests.house.repository import ROOT, files

REGISTRIES = re.compile(rb"pypi\.org|pythonhosted\.org|npmjs\.(?:org|com)|yarnpkg\.com|deb\.debian\.org", re.IGNORECASE)
MACHINE_PATHS = re.compile(rb"(?<![\w.*-])/(?:work|root|Users/\w+|home/\w+)/")


def offenders(pattern: re.Pattern[bytes]) -> list[str]:
    """`file: what was found` for each text file in git in which the pattern occurs."""
    found = []
    for path in files():
        content = path.read_bytes()
        if b"\0" not in content and (match := pattern.search(content)):
            found.append(f"{path.relative_to(ROOT)}: {match[0].decode()}")
    return found


def configured_registries() -> set[str]:
    """Hosts from which pip and npm fetch on this machine."""
    commands = [[sys.executable, "-m", "pip", "config", "list"]]
    if npm := shutil.which("npm"):
        commands.append([npm, "config", "get", "registry"])
    printed = [subprocess.run(c, capture_output=True, text=True, check=False).stdout for c in commands]
    return {host for text in printed for host in re.findall(r"https?://(?:[^/@\s']*@)?([\w.-]+)", text)}


@pytest.mark.parametrize("pattern", [REGISTRIES, MACHINE_PATHS], ids=["registries", "machine-paths"])
def test_no_word_that_must_stay_out(pattern: re.Pattern[bytes]) -> None:
    assert offenders(pattern) == []


def test_no_registry_that_this_machine_is_set_to() -> None:
    hosts = configured_registries() - {"localhost", "127.0.0.1"}
    if hosts:
        assert offenders(re.compile("|".join(map(re.escape, sorted(hosts))).encode())) == []


@pytest.mark.parametrize(
    ("text", "path"),
    [
        (b"see /" + b"work/main", True),
        (b"file:///" + b"home/anna/src/", True),
        (b"/var/lib/lagebild", False),
        (b"/usr/bin/chromium", False),
        (b"team/work/plan", False),
    ],
)
def test_what_counts_as_a_machine_path(text: bytes, path: bool) -> None:
    assert bool(MACHINE_PATHS.search(text)) is path
