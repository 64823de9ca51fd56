"""What DESIGN says about the packages and import-linter cannot express (its contracts are in pyproject.toml)."""

import ast
import sys

from tests.house.repository import ROOT, imported, modules, tree

CLOCK_CALLS = {"now", "utcnow", "today", "fromtimestamp", "utcfromtimestamp"}
BROAD = {"Exception", "BaseException"}


def test_wire_imports_the_standard_library_only() -> None:
    foreign = [
        name for name in imported(ROOT / "layers" / "wire.py") if name.split(".")[0] not in sys.stdlib_module_names
    ]
    assert foreign == []


def test_the_layers_package_itself_imports_nothing() -> None:
    """`import layers.wire` runs `layers/__init__.py` first: what that imports, every tablet would need."""
    assert list(imported(ROOT / "layers" / "__init__.py")) == []


def test_layers_take_nothing_outside_the_domain() -> None:
    allowed = {*sys.stdlib_module_names, "layers", "shapely", "pyproj", "msgspec"}
    foreign = [
        (file, name) for file, path in modules("layers") for name in imported(path) if name.split(".")[0] not in allowed
    ]
    assert foreign == []


def test_layers_never_ask_a_clock() -> None:
    """Time comes in with the entries. `fromtimestamp` is pure only if it is given a zone."""
    calls = [
        f"{file}:{node.lineno} {node.func.attr}"
        for file, path in modules("layers")
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in CLOCK_CALLS
        if not (node.func.attr == "fromtimestamp" and len(node.args) + len(node.keywords) >= 2)
    ]
    assert calls == []


def broad_handlers(package: str) -> list[str]:
    """Each handler in a package that catches every exception and does not raise it again."""
    found = []
    for file, path in modules(package):
        for node in ast.walk(tree(path)):
            if not isinstance(node, ast.ExceptHandler):
                continue
            caught = {name.id for name in ast.walk(node.type) if isinstance(name, ast.Name)} if node.type else BROAD
            if caught & BROAD and not any(
                isinstance(inner, ast.Raise) and inner.exc is None for inner in ast.walk(node)
            ):
                found.append(f"{file}:{node.lineno}")
    return found


def test_everything_is_caught_at_one_edge_only() -> None:
    assert broad_handlers("layers") == []
    assert len(broad_handlers("server")) <= 1, broad_handlers("server")
    assert len(broad_handlers("mobile")) <= 1, broad_handlers("mobile")
