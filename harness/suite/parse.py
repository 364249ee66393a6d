"""One suite file -> one Suite noun, or every problem of it at once.

It stands apart from the file format, the templates and the checks, which it puts together; and from the search for
suites in folders.
"""

import gc
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.core.canonical import digest, digest_bytes
from harness.core.catalogue import Ceiling, TargetSpec
from harness.core.check import CheckKind
from harness.core.suite import ParameterRow, Suite
from harness.reading import (
    Document,
    Folder,
    Problem,
    ProblemsError,
    ReferenceProblem,
    problems_of,
    read_yaml,
)
from harness.suite.build import Builder
from harness.suite.dataset import DatasetProblem
from harness.suite.expansion import Expansion
from harness.suite.expectations import Expectations
from harness.suite.faults import Faults, Where
from harness.suite.inclusions import Inclusions

if TYPE_CHECKING:
    from harness.suite.file_format import BudgetItem, CaseItem, SuiteFile


def parse_suite(content: bytes, path: Path, kinds: Mapping[str, CheckKind], *, shown: Path | None = None) -> Suite:
    """One suite file, and what it refers to.

    path    where it is: files are read from its folder's tree
    shown   what messages and records call it; its path, if None
    raises  ProblemsError with every problem at once
    """
    with _collector_paused() as resume:
        return _parsed(content, path, shown or path, kinds, resume)


@contextmanager
def _collector_paused() -> Iterator[Callable[[], None]]:
    """Python's collector of cycles would look again and again through all that is being built, and find none.

    yields  what lets it go on before the end
    """
    enabled = gc.isenabled()
    gc.disable()
    resume = gc.enable if enabled else gc.disable
    try:
        yield resume
    finally:
        resume()


def _parsed(
    content: bytes, path: Path, shown: Path, kinds: Mapping[str, CheckKind], resume_collector: Callable[[], None]
) -> Suite:
    from harness.suite.file_format import DatasetFile, Defaults

    problems: list[Problem] = []
    document = read_yaml(content, shown.as_posix(), problems)
    folder = Folder(path.parent)
    inclusions = Inclusions(document, folder)
    resolved = inclusions.resolve(document.value)
    problems += inclusions.problems
    # What is already refused is not reported again for what it is not: a missing file is no text either.
    blamed = {(p.line, p.column) for p in problems} | {_place(document, where) for where in inclusions.missing}
    faults = Faults(document)
    expect = Expectations(faults, kinds)
    item, found, items = _validate(resolved, document, expect)
    builder = Builder(
        suite=item.suite if item else "",
        defaults=item.defaults if item else Defaults(),
        known=item.vars if item else _mapping(resolved, "vars"),
        faults=faults,
        expect=expect,
    )
    expansion = Expansion(folder, faults)
    for position, case in items:
        where = ("cases", position)
        if isinstance(case.dataset, DatasetFile):
            resume_collector()  # rows come and go, as many as there may be
        try:
            expansion.take(case, builder.mould(case, position, _location(document, where)), (*where, "dataset"))
        except (ReferenceProblem, DatasetProblem) as problem:
            found.append(document.problem((*where, "dataset"), problem.message, "suite-dataset", problem.remedy))
    found += faults.close()
    problems += [p for p in found if p.path != document.path or (p.line, p.column) not in blamed]
    if problems or item is None:
        raise ProblemsError(problems)
    return Suite(
        name=item.suite,
        about=item.about,
        path=document.path,
        digest=digest([digest_bytes(content), sorted(folder.digests.items())]),
        targets=tuple(_target(target, position, document) for position, target in enumerate(item.targets)),
        cases=expansion.cases(),
        written=tuple(expansion.written),
        parameters=_parameters(item, document),
        budget=_ceiling(item.budget),
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


def _location(document: Document, where: Where) -> str:
    mark = document.mark(where)
    return f"{document.path}:{mark.line}:{mark.column}"


def _ceiling(item: "BudgetItem | None") -> Ceiling | None:
    return None if item is None else Ceiling(usd=item.usd, requests=item.requests)


def _target(item: Any, position: int, document: Document) -> TargetSpec:
    location = _location(document, ("targets", position))
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
        budget=_ceiling(item.budget),
    )


def _parameters(item: Any, document: Document) -> tuple[ParameterRow, ...]:
    rows = []
    for position, row in enumerate(item.parameters):
        rows.append(
            ParameterRow(
                parameter=row.parameter,
                capability=row.capability,
                models=tuple(row.models),
                expect=row.expect,
                values=tuple(row.values),
                location=_location(document, ("parameters", position)),
            )
        )
    return tuple(rows)
