"""Moulds and rows -> the cases of a suite, those of dataset files built anew for each walk.

It stands apart because it alone decides what is kept: cases that are written out stay, rows of files do not.
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import partial

from harness.core.suite import Case, Cases
from harness.reading import Folder
from harness.reading.lines import LinesFile
from harness.suite.build import Mould
from harness.suite.dataset import Dataset, Report, rows_of_list
from harness.suite.faults import Faults, Where
from harness.suite.file_format import CaseItem, DatasetFile


class Expansion:
    """The cases of one suite, taken as they are found.

    written  the first case of each that is written in the file
    """

    def __init__(self, folder: Folder, faults: Faults) -> None:
        """Nothing found yet."""
        self.written: list[Case] = []
        self._folder = folder
        self._faults = faults
        self._parts: list[Case | _Streamed] = []
        self._count = 0

    def take(self, item: CaseItem, mould: Mould, where: Where) -> None:
        """Every case of a mould, each built once; what is wrong with them is told to the faults.

        where   the place of the dataset
        raises  DatasetProblem or ReferenceProblem if the dataset cannot be used at all
        """
        if isinstance(item.dataset, DatasetFile):
            dataset = Dataset(LinesFile(self._folder, item.dataset.file), item.dataset.limit)
            streamed = _Streamed(mould, dataset, partial(self._faults.add_of_dataset, where, dataset.reference))
            self._parts.append(streamed)
            self._note(streamed)
            return
        if item.dataset is None:
            cases = [mould.case(None)]
        else:
            rows = rows_of_list(item.dataset, partial(self._faults.add_of_dataset, where, None))
            cases = [mould.case(row) for row in rows]
        self._parts += cases
        self._note(cases)

    def _note(self, cases: Iterable[Case]) -> None:
        for number, case in enumerate(cases):
            self._count += 1
            if not number:
                self.written.append(case)

    def cases(self) -> Cases:
        """All of them, in the order of the file."""
        kept = tuple(part for part in self._parts if isinstance(part, Case))
        return kept if len(kept) == len(self._parts) else _Walked(self._parts, self._count)


class _Streamed:
    """The cases of one dataset file."""

    def __init__(self, mould: Mould, dataset: Dataset, report: Report) -> None:
        self._mould = mould
        self._dataset = dataset
        self._report = report

    def __iter__(self) -> Iterator[Case]:
        return map(self._mould.case, self._dataset.rows(self._report))


class _Walked:
    """Cases of which some are read anew for each walk."""

    def __init__(self, parts: Sequence[Case | _Streamed], count: int) -> None:
        self._parts = tuple(parts)
        self._count = count

    def __iter__(self) -> Iterator[Case]:
        for part in self._parts:
            if isinstance(part, Case):
                yield part
            else:
                yield from part

    def __len__(self) -> int:
        return self._count
