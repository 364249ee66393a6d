"""`harness validate`: every problem of the given files, with its place and its remedy.

It stands apart from `plan` because it needs no targets: a suite can be right for a provider that is not here.
"""

from pathlib import Path

import click

from harness.catalogue import parse_provider
from harness.checks import load_kinds
from harness.cli.options import paths_argument
from harness.core.errors import InputError
from harness.reading import Problem, ProblemsError
from harness.suite import load_suites


@click.command("validate")
@paths_argument()
def command(paths: tuple[Path, ...]) -> int:
    """Check suites and catalogues, given as files or folders: all problems at once, as file:line:column.

    Exit codes: 0 all valid · 2 not.
    """
    problems: list[Problem] = []
    catalogues = [path for path in paths if _is_catalogue(path)]
    for path in catalogues:
        try:
            provider = parse_provider(path.read_bytes(), str(path))
            click.echo(f"{path}: provider {provider.name}, {_count(len(provider.models), 'model')}")
        except ProblemsError as error:
            problems += error.problems
    others = [path for path in paths if path not in catalogues]
    if others:
        try:
            for suite in load_suites(others, load_kinds()):
                parts = [_count(len(suite.cases), "case")] if suite.cases else []
                parts += [_count(len(suite.parameters), "parameter row")] if suite.parameters else []
                click.echo(f"{suite.path}: suite {suite.name}, {', '.join(parts)}")
        except ProblemsError as error:
            problems += error.problems
    if problems:
        raise ProblemsError(problems)
    return 0


def _is_catalogue(path: Path) -> bool:
    if not path.is_file():
        return False
    try:
        with path.open("rb") as file:
            return any(line.startswith(b"provider:") for line in file.read(1_000_000).splitlines())
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror or error}", remedy="check the path") from error


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("" if number == 1 else "s")
