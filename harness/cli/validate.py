"""`harness validate`: every problem of the given files, with its place and its remedy.

It stands apart from `plan` because it needs no choices: what is wrong is wrong whatever would be run.
"""

from collections.abc import Sequence
from pathlib import Path

import click

from harness.catalogue import Catalogues, load_catalogues, parse_provider
from harness.checks import load_kinds
from harness.cli.assembly import faults_of_rows
from harness.cli.options import paths_argument
from harness.cli.terminal import say
from harness.core.errors import InputError
from harness.reading import Problem, ProblemsError
from harness.runner.rows import expand_rows
from harness.runner.targets import check_targets, own_targets
from harness.suite import load_suites


@click.command("validate")
@paths_argument()
@click.option(
    "--catalogue",
    "further",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="A further provider that the suites' targets may name; repeatable.",
)
def command(paths: tuple[Path, ...], further: tuple[Path, ...]) -> int:
    """Check suites (files or folders) and catalogues (files): all problems at once, as file:line:column.

    Targets and judges must be models of a catalogue: a shipped one, one among PATHS, or one of --catalogue.

    Exit codes: 0 all valid · 2 not.
    """
    problems: list[Problem] = []
    catalogues = [path for path in paths if _is_catalogue(path)]
    for path in catalogues:
        try:
            provider = parse_provider(path.read_bytes(), str(path))
            say(f"{path}: provider {provider.name}, {_count(len(provider.models), 'model')}")
        except ProblemsError as error:
            problems += error.problems
    others = [path for path in paths if path not in catalogues]
    if problems:
        _check_suites(others, None, problems)
    else:
        _check_suites(others, load_catalogues([*further, *catalogues]), problems)
    if problems:
        raise ProblemsError(problems)
    return 0


def _check_suites(paths: Sequence[Path], catalogues: Catalogues | None, problems: list[Problem]) -> None:
    """Check suites, and their targets if the catalogues could be read; what is wrong is added to the problems."""
    if not paths:
        return
    kinds = load_kinds()
    try:
        suites = load_suites(paths, kinds)
    except ProblemsError as error:
        problems += error.problems
        return
    refused: list[InputError] = []
    for suite in suites:
        parts = [_count(len(suite.cases), "case")] if suite.written else []
        parts += [_count(len(suite.parameters), "parameter row")] if suite.parameters else []
        try:
            if catalogues is not None:
                check_targets(suite, catalogues, kinds)
                own = own_targets(suite, catalogues, lambda provider: provider.name)
                refused += faults_of_rows(expand_rows([suite], {suite.name: own}, catalogues), catalogues)
        except InputError as error:
            refused.append(error)
        else:
            say(f"{suite.path}: suite {suite.name}, {', '.join(parts)}")
    if refused:
        message = "\n".join("\n   ".join(filter(None, (error.message, error.remedy))) for error in refused)
        raise InputError(message)


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
