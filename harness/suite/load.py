"""Files and folders -> the suites in them, with the problems of all files at once.

It stands apart from the parsing of one suite: here is what counts as one, there what it says.
"""

import fnmatch
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from harness.core.check import CheckKind
from harness.core.errors import InputError, UsageError
from harness.core.suite import Suite
from harness.reading import Problem, ProblemsError
from harness.suite.parse import parse_suite

MAX_SUITE_BYTES = 10_000_000


def load_suites(
    paths: Sequence[Path], kinds: Mapping[str, CheckKind], *, root: Path | None = None
) -> tuple[Suite, ...]:
    """Every suite in the given files and folders, folders searched through and read in the order of their names.

    kinds   the registered checks, by name
    root    messages and records name files relative to it; as given, if None
    raises  ProblemsError with the problems of all files at once; UsageError if a path does not exist or holds no suite
    """
    problems: list[Problem] = []
    suites: list[Suite] = []
    for path in _files(paths):
        try:
            content = path.read_bytes()
        except OSError as error:
            raise InputError(f"{path}: cannot be read: {error.strerror or error}", remedy="check the path") from error
        try:
            suites.append(parse_suite(content, path, kinds, shown=path.relative_to(root) if root else path))
        except ProblemsError as error:
            problems.extend(error.problems)
    if problems:
        raise ProblemsError(problems)
    _refuse_repeated_names(suites)
    return tuple(suites)


def _files(paths: Sequence[Path]) -> list[Path]:
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = [
                entry for entry in sorted(path.rglob("*")) if entry.suffix in (".yaml", ".yml") and entry.is_file()
            ]
            suites = [entry for entry in inside if _is_suite(entry)]
            if not suites:
                raise UsageError(
                    f"{path}: no suite in this folder", remedy="a suite is a .yaml file with the key `suite`"
                )
            found += suites
        elif path.is_file():
            found.append(path)
        elif path.exists():
            raise UsageError(f"{path}: not a regular file", remedy="name a suite file, or a folder that holds suites")
        else:
            raise UsageError(f"{path}: no such file or folder", remedy=_nearest_path(path))
    return list(dict.fromkeys(found))


def _is_suite(path: Path) -> bool:
    """Whether a YAML file in a searched folder is meant as a suite; one that does not begin like data is.

    Files beside a suite (tools, schemas) are YAML too. A file that holds `cases` or `targets` but no `suite` is a
    suite with a slip in it, and must be reported rather than passed over.
    """
    with path.open("rb") as file:
        head = file.read(MAX_SUITE_BYTES)
    keys = (b"suite:", b"cases:", b"targets:", b"parameters:")
    lines = head.splitlines()
    if any(line.startswith(b"suite:") for line in lines):
        return True
    return sum(any(line.startswith(key) for line in lines) for key in keys) > 1 or any(
        line.startswith(b"cases:") for line in lines
    )


def _nearest_path(path: Path) -> str:
    names = [entry.name for entry in path.parent.iterdir()] if path.parent.is_dir() else []
    close = fnmatch.filter(names, f"{path.stem[:3]}*")
    return f"did you mean '{path.parent / close[0]}'?" if close else "name a suite file, or a folder that holds suites"


def _refuse_repeated_names(suites: Iterable[Suite]) -> None:
    paths: dict[str, str] = {}
    for suite in suites:
        name = suite.name.casefold()
        if name in paths:
            message = f"{suite.path} and {paths[name]} both name their suite '{suite.name}'"
            raise InputError(message, remedy="recordings and pairs go by this name: give each suite its own")
        paths[name] = suite.path
