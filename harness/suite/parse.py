"""One suite file -> one Suite noun, or every problem of it at once.

It stands apart from the file format, the templates and the checks, which it puts together; and from the search for
suites in folders.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.core.canonical import digest, digest_bytes
from harness.core.catalogue import TargetSpec
from harness.core.check import CheckKind
from harness.core.suite import Case, ParameterRow, Suite
from harness.reading import (
    Document,
    Folder,
    Problem,
    ProblemsError,
    ReferenceProblem,
    problems_of,
    read_yaml,
)
from harness.suite.build import CaseBuilder
from harness.suite.dataset import DatasetProblem, Row, name_rows, rows_of_file
from harness.suite.expectations import Expectations
from harness.suite.inclusions import Inclusions

if TYPE_CHECKING:
    from harness.suite.file_format import CaseItem, SuiteFile

Where = tuple[str | int, ...]


def parse_suite(content: bytes, path: Path, kinds: Mapping[str, CheckKind], *, shown: Path | None = None) -> Suite:
    """One suite file, and what it refers to.

    path    where it is: files are read from its folder's tree
    shown   what messages and records call it; its path, if None
    raises  ProblemsError with every problem at once
    """
    from harness.suite.file_format import Defaults

    problems: list[Problem] = []
    document = read_yaml(content, (shown or path).as_posix(), problems)
    folder = Folder(path.parent)
    inclusions = Inclusions(document, folder)
    resolved = inclusions.resolve(document.value)
    problems += inclusions.problems
    # What is already refused is not reported again for what it is not: a missing file is no text either.
    blamed = {(p.line, p.column) for p in problems} | {_place(document, where) for where in inclusions.missing}
    expect = Expectations(document, kinds)
    item, faults, items = _validate(resolved, document, expect)
    builder = CaseBuilder(
        suite=item.suite if item else "",
        defaults=item.defaults if item else Defaults(),
        known=item.vars if item else _mapping(resolved, "vars"),
        document=document,
        expect=expect,
    )
    cases: list[Case] = []
    for position, case in items:
        try:
            rows = _rows(case.dataset, folder)
        except (ReferenceProblem, DatasetProblem) as problem:
            where = ("cases", position, "dataset")
            faults.append(document.problem(where, problem.message, "suite-dataset", problem.remedy))
            continue
        cases += [builder.build(case, position, row) for row in rows]
    faults += [*builder.problems, *expect.problems]
    problems += [fault for fault in faults if (fault.line, fault.column) not in blamed]
    if problems or item is None:
        raise ProblemsError(problems)
    return Suite(
        name=item.suite,
        about=item.about,
        path=document.path,
        digest=digest([digest_bytes(content), sorted(folder.digests.items())]),
        targets=tuple(_target(target, position, document) for position, target in enumerate(item.targets)),
        cases=tuple(cases),
        parameters=_parameters(item, document),
    )


def _validate(
    resolved: Any, document: Document, expect: Expectations
) -> tuple["SuiteFile | None", list[Problem], list[tuple[int, "CaseItem"]]]:
    """The file as its model or None, its faults, and the cases that are in order, whatever is wrong beside them."""
    from pydantic import ValidationError

    from harness.suite.file_format import CaseItem, SuiteFile
    from harness.suite.rules import rule_problems

    try:
        # By JSON's rules: a number is no text, and a text is no number.
        item = SuiteFile.model_validate_json(json.dumps(resolved), strict=True)
    except ValidationError as error:
        faults = problems_of(error, SuiteFile, document, noun="suite")
    else:
        return item, rule_problems(item, document), list(enumerate(item.cases))
    sound: list[tuple[int, CaseItem]] = []
    raw = resolved.get("cases") if isinstance(resolved, dict) else None
    for position, case in enumerate(raw if isinstance(raw, list) else ()):
        try:
            sound.append((position, CaseItem.model_validate_json(json.dumps(case), strict=True)))
        except ValidationError:
            _check_alone(case, ("cases", position), expect)
    return None, faults, sound


def _check_alone(value: Any, where: Where, expect: Expectations) -> None:
    """Parse the checks of a case whose form is wrong elsewhere, so that their problems are told beside that."""
    if isinstance(value, list):
        for index, part in enumerate(value):
            _check_alone(part, (*where, index), expect)
    elif isinstance(value, dict):
        checks = value.get("expect")
        for index, check in enumerate(checks if isinstance(checks, list) else ()):
            # A template is judged once it is filled, and here it cannot be.
            if isinstance(check, dict) and "{{" not in str(check):
                expect.parse(check, (*where, "expect", index))
        _check_alone(value.get("turns"), (*where, "turns"), expect)


def _place(document: Document, where: Where) -> tuple[int, int]:
    mark = document.mark(where)
    return mark.line, mark.column


def _mapping(value: Any, key: str) -> Mapping[str, Any]:
    found = value.get(key) if isinstance(value, dict) else None
    return found if isinstance(found, dict) else {}


def _rows(dataset: Any, folder: Folder) -> Sequence[Row | None]:
    if dataset is None:
        return [None]
    if isinstance(dataset, list):
        return name_rows(dataset)
    return rows_of_file(dataset.file, folder.read_text(dataset.file, limit_bytes=1_000_000_000), dataset.limit)


def _target(item: Any, position: int, document: Document) -> TargetSpec:
    mark = document.mark(("targets", position))
    location = f"{document.path}:{mark.line}:{mark.column}"
    if isinstance(item, str):
        return TargetSpec(model=item, location=location)
    return TargetSpec(
        location=location,
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
                capability=row.capability,
                models=tuple(row.models),
                expect=row.expect,
                values=tuple(row.values),
                location=location,
            )
        )
    return tuple(rows)
