"""What is wrong with a suite: each fault at its place, once, however many rows it shows in.

It stands apart because every part of the loader reports here, also the parts that fill rows again long after loading.
"""

from dataclasses import replace
from pathlib import PurePosixPath

from harness.core.errors import InputError
from harness.reading import Document, Problem, quoted
from harness.suite.dataset import DatasetProblem, Row

Where = tuple[str | int, ...]
MAX_PROBLEMS = 50
"""Of datasets: then reading stops."""
_SHOWN = 1000


class _Fault:
    """What is wrong at one place: the problems of the first row that shows it, the latest such row, and how many."""

    __slots__ = ("first", "latest", "problems", "rows")

    def __init__(self, row: Row | None) -> None:
        self.problems: list[Problem] = []
        self.first = self.latest = row
        self.rows = 1


class Faults:
    """The faults of one suite.

    row  the row that is being filled in, set by whoever fills it; None where there is no dataset
    """

    def __init__(self, document: Document) -> None:
        """Nothing wrong yet."""
        self.row: Row | None = None
        self._document: Document | None = document
        self._path = document.path
        self._found: dict[tuple[Where, str], _Fault] = {}
        self._datasets: list[Problem] = []

    def add(self, where: Where, message: str, code: str, remedy: str = "", *, key: bool = False) -> None:
        """Note a fault at that place of the suite's file; arguments as for `Document.problem`.

        raises  InputError once closed
        """
        if self._document is None:
            raise InputError(f"{self._path}: {message}", remedy=remedy)
        row = self.row
        fault = self._found.setdefault((where, code), _Fault(row))
        if fault.latest is not row:
            fault.latest = row
            fault.rows += 1
        elif fault.rows == 1:
            fault.problems.append(self._document.problem(where, message, code, remedy, key=key))

    def add_of_dataset(self, where: Where, reference: str | None, problem: DatasetProblem) -> None:
        """Note what is wrong with a dataset, which the suite names at `where`, or with one of its rows.

        reference  the dataset's file; None for an inline list
        raises     DatasetProblem after too many of them; InputError once closed
        """
        if self._document is None:
            raise InputError(f"{self._path}: {problem.message}", remedy=problem.remedy)
        if problem.line is None or reference is None:
            place = where if problem.line is None else (*where, problem.line - 1)
            found = self._document.problem(place, problem.message, "suite-dataset", problem.remedy)
        else:
            text = problem.text.rstrip("\n")[:_SHOWN]
            found = Problem(
                path=(PurePosixPath(self._path).parent / reference).as_posix(),
                line=problem.line,
                column=1,
                length=max(1, len(text)),
                message=problem.message,
                code="suite-dataset",
                remedy=problem.remedy,
                source_line=text,
            )
        self._datasets.append(found)
        if len(self._datasets) == MAX_PROBLEMS:
            raise DatasetProblem(f"{MAX_PROBLEMS} problems: reading stops here", "mend those above first")

    def close(self) -> list[Problem]:
        """Every problem. From here on the suite is in use, the file's document is let go, and a new fault is raised."""
        self._document = None
        return [*(problem for fault in self._found.values() for problem in _told(fault)), *self._datasets]


def _told(fault: _Fault) -> list[Problem]:
    """The problems of a place, and which rows show them."""
    if fault.first is None:
        return fault.problems
    others = f" and {fault.rows - 1} more" if fault.rows > 1 else ""
    shown = f" (row {quoted(fault.first.name)} in line {fault.first.line} of the dataset{others})"
    return [replace(problem, message=problem.message + shown) for problem in fault.problems]
