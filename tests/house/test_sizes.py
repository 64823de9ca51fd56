"""Small rooms: a module that outgrows its limit is cut before it is merged. The limits only ever go down."""

import ast

import pytest

from tests.house.repository import PACKAGES, files, modules, tree

MODULE_LINES = 400
FUNCTION_LINES = 80


@pytest.mark.parametrize("suffix", [".py", ".ts", ".kv", ".css"])
def test_no_module_is_over_its_limit(suffix: str) -> None:
    ours = (path for path in files() if path.suffix == suffix and "frames" not in path.parts)  # .ts is video there
    lengths = {path: path.read_text(encoding="utf-8").count("\n") for path in ours}
    assert {path: lines for path, lines in lengths.items() if lines > MODULE_LINES} == {}


def test_no_function_is_over_its_limit() -> None:
    too_long = [
        f"{name}:{node.lineno} {node.name}: {node.end_lineno - node.lineno + 1} lines"
        for name, path in modules(*PACKAGES)
        for node in ast.walk(tree(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.end_lineno is not None
        and node.end_lineno - node.lineno >= FUNCTION_LINES
    ]
    assert too_long == []
