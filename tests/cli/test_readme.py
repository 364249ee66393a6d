"""The README, done as it says, in a clone of what is committed or about to be.

It stands apart because it installs: it is the slowest test, and the only one that begins where a newcomer begins.
"""

import os
import re
import shlex
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from harness.catalogue import parse_provider
from harness.checks import load_kinds
from harness.simulator.deviations import DEVIATIONS
from harness.simulator.faults import KINDS
from harness.suite import parse_suite

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
COMMANDS = re.findall(r"^\$ (.+)$", README, re.MULTILINE)
# The recorded models get answers wrong, and the README says so.
CODES = {"harness run": 1, "harness grade reports/first": 1}


@pytest.fixture(scope="module")
def clone(tmp_path_factory):
    folder = tmp_path_factory.mktemp("clone")
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=ROOT, check=True, capture_output=True, text=True
    )
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    return folder


def test_every_command_of_the_readme_works_in_a_fresh_clone(clone):
    path = f"{clone / '.venv' / 'bin'}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "PYTHON": sys.executable}

    # `make test` is what runs this.
    for command in (command for command in COMMANDS if command != "make test"):
        done = subprocess.run(
            shlex.split(command), cwd=clone, env=environment, capture_output=True, text=True, check=False
        )

        expected = next((code for start, code in CODES.items() if command.startswith(start)), 0)
        assert done.returncode == expected, f"{command}\n{done.stdout}\n{done.stderr}"


def test_the_readme_names_the_two_commands_that_do_all_the_setting_up():
    assert COMMANDS[:2] == ["make demo", "make test"]


def test_the_files_in_the_readme_are_valid(tmp_path):
    suite, provider = re.findall(r"```yaml\n(.*?)```", README, re.DOTALL)

    assert parse_suite(suite.encode(), tmp_path / "s.yaml", load_kinds()).name == "support"
    assert parse_provider(provider.encode(), "acme.yaml").find_tariff("large-2", "documented").output == 2


def test_the_faults_and_broken_promises_that_the_readme_names_exist():
    named = re.findall(r"--(fault|deviate) ([a-z0-9-]+)", README)

    assert {option for option, _ in named} == {"fault", "deviate"}
    assert {name for _, name in named} <= {*DEVIATIONS, *KINDS}


def test_the_example_of_each_kind_of_case_passes_on_the_simulator(harness, tmp_path):
    (example,) = re.findall(r"```yaml\n(.*?)```", (ROOT / "suites" / "README.md").read_text(), re.DOTALL)
    (tmp_path / "one.yaml").write_text(example)
    (tmp_path / "files").mkdir()
    shutil.copy(ROOT / "suites" / "xai" / "files" / "red-square.png", tmp_path / "files")
    run = [sys.executable, "-m", "harness", "run", "one.yaml", "--provider", "xai-sim", "--mode", "live"]

    result = harness("simulate", "--port", 0, "--speed", 0, "--", *run)

    assert result.code == 0


def test_a_wheel_holds_what_the_demo_needs(clone, tmp_path):
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(tmp_path), str(clone)]
    subprocess.run(build, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("model_harness-*.whl")
    zipfile.ZipFile(wheel).extractall(tmp_path / "site")
    empty = tmp_path / "empty"
    empty.mkdir()

    code = "from harness.cli.main import main; import harness; print(harness.__file__); main(['demo'])"
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "site")}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=empty, env=environment, capture_output=True, text=True, check=False
    )

    assert done.stdout.startswith(str(tmp_path / "site"))
    assert done.returncode == 0, done.stderr
    assert (empty / "demo-report" / "report.html").exists()
