import signal
from dataclasses import dataclass

import pytest

from harness.cli.main import main


@dataclass(frozen=True)
class Result:
    code: int
    out: str
    err: str


@pytest.fixture
def harness(tmp_path, monkeypatch, capsys):
    """The command line, run in an empty folder: what it printed and the code it exited with."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments):
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main([str(argument) for argument in arguments])
        printed = capsys.readouterr()
        return Result(code=ended.value.code or 0, out=printed.out, err=printed.err)

    return run


@pytest.fixture
def interruptible():
    """Processes that are started hear SIGINT, although a shell that put the tests in the background has it ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def suite(tmp_path):
    """Write a suite of these cases, whose target is local/m; returns its path from the test's folder."""

    def write(cases, name="s"):
        path = tmp_path / f"{name}.yaml"
        path.write_text(f"suite: {name}\ntargets: [local/m]\ncases:\n{cases}\n")
        return path.relative_to(tmp_path)

    return write
