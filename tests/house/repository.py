"""The repository as data: which files it holds, and the syntax trees of its modules."""

import ast
import functools
import subprocess
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("layers", "server", "mobile", "fixtures")
NOT_OURS = {".git", ".venv", "node_modules", "dist", "data", "__pycache__"}


@functools.cache
def files() -> tuple[Path, ...]:
    """Every file in git; where there is no git (an unpacked archive), every file that no tool made."""
    # safe.directory: in a container the checkout may belong to somebody else.
    command = ["git", "-c", "safe.directory=*", "-C", str(ROOT), "ls-files", "-z"]
    if (ROOT / ".git").exists():
        names = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split("\0")
        return tuple(ROOT / name for name in names if name and (ROOT / name).is_file())
    found = (path for path in ROOT.rglob("*") if path.is_file())
    return tuple(path for path in found if not NOT_OURS & set(path.relative_to(ROOT).parts))


def documents() -> list[Path]:
    """Every Markdown page."""
    return [path for path in files() if path.suffix == ".md"]


def modules(*packages: str) -> Iterator[tuple[str, Path]]:
    """Name (from the root of the repository) and path of each Python module below the given packages."""
    for package in packages:
        for path in sorted((ROOT / package).rglob("*.py")):
            if not NOT_OURS & set(path.relative_to(ROOT).parts):
                yield path.relative_to(ROOT).as_posix(), path


def tree(path: Path) -> ast.Module:
    """The syntax tree of a module."""
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def imported(path: Path) -> Iterator[str]:
    """The full name of each module that a module imports; a relative import keeps its leading dots."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield "." * node.level + (node.module or "")
