"""Suite files -> Suite nouns: discovery, reading, and every problem at once.

It stands apart from the file format and from template filling, which it puts together.
"""

import fnmatch
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from harness.core.canonical import digest, digest_bytes
from harness.core.catalogue import TargetSpec
from harness.core.check import CheckKind
from harness.core.errors import InputError, UsageError
from harness.core.suite import Case, ParameterRow, Suite
from harness.reading import Document, Folder, Problem, ProblemsError, ReferenceProblem, problems_of, read_yaml
from harness.suite.build import CaseBuilder
from harness.suite.dataset import DatasetProblem, Row, name_rows, rows_of_file
from harness.suite.expectations import Expectations
from harness.suite.inclusions import Inclusions

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
        elif path.exists():
            found.append(path)
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


def parse_suite(content: bytes, path: Path, kinds: Mapping[str, CheckKind], *, shown: Path | None = None) -> Suite:
    """One suite file, and what it refers to.

    path    where it is: files are read from its folder's tree
    shown   what messages and records call it; its path, if None
    raises  ProblemsError with every problem at once
    """
    from pydantic import ValidationError

    from harness.suite.file_format import SuiteFile

    document = read_yaml(content, (shown or path).as_posix())
    folder = Folder(path.parent)
    inclusions = Inclusions(document, folder)
    resolved = inclusions.resolve(document.value)
    expect = Expectations(document, kinds)
    try:
        # By JSON's rules: a number is no text, and a text is no number.
        item = SuiteFile.model_validate_json(json.dumps(resolved), strict=True)
    except ValidationError as error:
        found = problems_of(error, SuiteFile, document, noun="suite")
        raise ProblemsError([*inclusions.problems, *found, *_check_problems(resolved, expect)]) from error
    problems = [*inclusions.problems, *_case_problems(item, document)]
    builder = CaseBuilder(item, document, expect)
    cases: list[Case] = []
    for position in range(len(item.cases)):
        try:
            rows = _rows(item.cases[position].dataset, folder)
        except (ReferenceProblem, DatasetProblem) as problem:
            where = ("cases", position, "dataset")
            problems.append(document.problem(where, problem.message, "suite-dataset", problem.remedy))
            continue
        cases += [builder.build(position, row) for row in rows]
    problems += [*builder.problems, *expect.problems]
    if problems:
        raise ProblemsError(problems)
    return Suite(
        name=item.suite,
        about=item.about,
        path=document.path,
        digest=digest([digest_bytes(content), sorted(folder.digests.items())]),
        targets=tuple(_target(target) for target in item.targets),
        cases=tuple(cases),
        parameters=_parameters(item, document),
    )


def _rows(dataset: Any, folder: Folder) -> Sequence[Row | None]:
    if dataset is None:
        return [None]
    if isinstance(dataset, list):
        return name_rows(dataset)
    return rows_of_file(dataset.file, folder.read_text(dataset.file, limit_bytes=1_000_000_000), dataset.limit)


def _check_problems(resolved: Any, expect: Expectations) -> list[Problem]:
    """What is wrong with the checks of a file whose form is wrong elsewhere: both are told at once."""

    def search(value: Any, where: tuple[str | int, ...]) -> None:
        if isinstance(value, list):
            for index, item in enumerate(value):
                search(item, (*where, index))
        elif isinstance(value, dict):
            for key, item in value.items():
                if key == "expect" and isinstance(item, list):
                    for index, check in enumerate(item):
                        # A template is judged once it is filled; it cannot be here.
                        if isinstance(check, dict) and "{{" not in str(check):
                            expect.parse(check, (*where, key, index))
                elif key in ("cases", "turns"):
                    search(item, (*where, key))

    search(resolved, ())
    return expect.problems


def _case_problems(item: Any, document: Document) -> list[Problem]:
    from harness.suite.file_format import FORBIDDEN_PARAMS

    problems: list[Problem] = []
    seen: dict[str, int] = {}

    def add(where: tuple[str | int, ...], message: str, code: str, remedy: str, *, key: bool = False) -> None:
        problems.append(document.problem(where, message, code, remedy, key=key))

    def check_params(params: Mapping[str, Any], where: tuple[str | int, ...]) -> None:
        for name in params.keys() & FORBIDDEN_PARAMS.keys():
            add(
                (*where, name),
                f"'{name}' is not a parameter here",
                "suite-parameter",
                f"use {FORBIDDEN_PARAMS[name]}",
                key=True,
            )

    check_params(item.defaults.params, ("defaults", "params"))
    for position, target in enumerate(item.targets):
        if not isinstance(target, str):
            check_params(target.params, ("targets", position, "params"))
            check_params(target.matrix, ("targets", position, "matrix"))
    for position, case in enumerate(item.cases):
        where = ("cases", position)
        check_params(case.params, (*where, "params"))
        # File systems may not tell case apart, and a case's recordings are a file.
        name = case.id.casefold()
        if name in seen:
            line = document.mark(("cases", seen[name], "id")).line
            add(
                (*where, "id"),
                f"the id '{case.id}' is already taken in line {line}",
                "suite-duplicate-id",
                "rename one",
            )
        seen.setdefault(name, position)
        passing = case.passing or item.defaults.passing
        repeats = case.repeats or item.defaults.repeats
        if passing and passing.at_least > repeats:
            place = (*where, "pass", "at_least") if case.passing else ("defaults", "pass", "at_least")
            message = f"at least {passing.at_least} of {repeats} repeats can never pass"
            add(place, message, "suite-value", f"write a number up to {repeats}, or raise repeats")
    return problems


def _target(item: Any) -> TargetSpec:
    if isinstance(item, str):
        return TargetSpec(model=item)
    return TargetSpec(
        model=item.model,
        params=item.params,
        matrix={name: tuple(values) for name, values in item.matrix.items()},
        system=item.system,
        region=item.region,
        label=item.label,
    )


def _parameters(item: Any, document: Document) -> tuple[ParameterRow, ...]:
    rows = []
    for position, row in enumerate(item.parameters):
        mark = document.mark(("parameters", position))
        location = f"{document.path}:{mark.line}:{mark.column}"
        rows.append(
            ParameterRow(
                parameter=row.parameter,
                models=tuple(row.models),
                expect=row.expect,
                values=tuple(row.values),
                location=location,
            )
        )
    return tuple(rows)
