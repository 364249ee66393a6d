"""Code stays small and named for what it does; the rule is here, whole, and is itself tested on planted files."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MODULE_LINES = 400
FUNCTION_LINES = 60
# A module of such a name is where everything without a place ends up.
SHAPELESS = {"utils", "util", "common", "helpers", "helper", "misc", "base"}


def violations(tree, *, documented=True):
    """Every breach of the size and name rules by the Python files below `tree`, one line each.

    documented  whether each module must have a docstring; a test's name is its sentence, so tests need none
    """
    found = []
    for path in sorted(tree.rglob("*")):
        place = path.relative_to(tree.parent).as_posix()
        if path.stem.lower() in SHAPELESS and (path.is_dir() or path.suffix == ".py"):
            found.append(f"{place}: a name that says nothing")
        if path.suffix == ".py":
            found += [f"{place}: {fault}" for fault in _faults(path.read_text(encoding="utf-8"), documented)]
    return found


def _faults(source, documented):
    module = ast.parse(source)
    lines = len(source.splitlines())
    if lines > MODULE_LINES:
        yield f"{lines} lines, more than {MODULE_LINES}"
    if documented and not ast.get_docstring(module):
        yield "no docstring"
    for node in ast.walk(module):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = node.end_lineno - node.lineno + 1
            if lines > FUNCTION_LINES:
                yield f"{node.name} has {lines} lines, more than {FUNCTION_LINES}"


@pytest.mark.parametrize(("folder", "documented"), [("harness", True), ("scripts", True), ("tests", False)])
def test_no_module_or_function_is_too_long_or_badly_named(folder, documented):
    assert violations(ROOT / folder, documented=documented) == []


DOCUMENTED = '"""Planted."""\n'
LONG_BODY = "\n    pass" * FUNCTION_LINES


@pytest.mark.parametrize(
    ("place", "source", "fault"),
    [
        ("long.py", DOCUMENTED + "\n" * MODULE_LINES, "tree/long.py: 401 lines, more than 400"),
        ("deep/f.py", f"{DOCUMENTED}def f():{LONG_BODY}", "tree/deep/f.py: f has 61 lines, more than 60"),
        ("g.py", f"{DOCUMENTED}async def g():{LONG_BODY}", "tree/g.py: g has 61 lines, more than 60"),
        ("bare.py", "x = 1\n", "tree/bare.py: no docstring"),
        ("empty/__init__.py", "", "tree/empty/__init__.py: no docstring"),
        ("deep/utils.py", DOCUMENTED, "tree/deep/utils.py: a name that says nothing"),
        ("common/kept.py", DOCUMENTED, "tree/common: a name that says nothing"),
    ],
)
def test_a_planted_breach_is_reported_with_its_place_and_nothing_else_is(tmp_path, place, source, fault):
    planted = tmp_path / "tree" / place
    planted.parent.mkdir(parents=True)
    planted.write_text(source)

    assert violations(tmp_path / "tree") == [fault]


def test_what_is_exactly_at_the_limits_is_allowed(tmp_path):
    longest_function = "def f():" + "\n    pass" * (FUNCTION_LINES - 1)
    module = DOCUMENTED + longest_function + "\n" * (MODULE_LINES - FUNCTION_LINES)
    (tmp_path / "f.py").write_text(module)

    assert len(module.splitlines()) == MODULE_LINES
    assert violations(tmp_path) == []
