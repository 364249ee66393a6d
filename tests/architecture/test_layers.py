"""The layers of the package hold, and import-linter would say so if they did not."""

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]["contracts"]

# (where, what is planted there, the contract that must break)
PLANTED = [
    ("core/planted.py", "import harness.cli", "A module imports only from rows below its own"),
    ("wire/planted.py", "import harness.checks", "A module imports only from rows below its own"),
    ("store/planted.py", "from harness import suite", "A module imports only from rows below its own"),
    ("planted/__init__.py", "", "A module imports only from rows below its own"),
    ("checks/planted.py", "import httpx", "Only wire speaks HTTP"),
    ("runner/planted.py", "def late():\n    import vcr", "Only wire speaks HTTP"),
    ("runner/planted.py", "import pydantic", "Only loaders validate"),
    ("report/planted.py", "import rich", "Only the command line talks to a terminal"),
    ("runner/regrade.py", "import harness.wire", "Regrading cannot send anything"),
    ("simulator/planted.py", "import harness.wire", "The simulator shares no code with what it is tried by"),
    ("core/planted.py", "import yaml", "The core needs the standard library alone"),
]


@pytest.fixture
def copy(tmp_path):
    """A copy of the package and its contracts, to plant in."""
    shutil.copytree(ROOT / "harness", tmp_path / "harness", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def lint_imports(folder):
    """Whether import-linter is content with the package in `folder`, and the names of the contracts it saw broken.

    It is started in that folder because it analyses the package found there first, before an installed one.
    """
    command = [Path(sys.executable).with_name("lint-imports"), "--no-cache", "--no-logo"]
    ended = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    broken = set(re.findall(r"^(.+) BROKEN$", ended.stdout, re.MULTILINE))
    assert (ended.returncode == 0) == (not broken), ended.stdout + ended.stderr
    return broken


def test_every_import_of_the_package_points_downwards():
    assert lint_imports(ROOT) == set()


@pytest.mark.parametrize(("place", "code", "contract"), PLANTED)
def test_a_planted_import_breaks_its_contract_and_no_other(copy, place, code, contract):
    planted = copy / "harness" / place
    planted.parent.mkdir(exist_ok=True)
    planted.write_text(f'"""Planted."""\n{code}\n')

    assert lint_imports(copy) == {contract}


def test_every_contract_has_been_seen_to_break():
    assert {contract["name"] for contract in CONTRACTS} == {contract for _, _, contract in PLANTED}
