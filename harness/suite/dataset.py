"""Dataset rows from a list, a CSV file or a JSONL file, each with a name that does not depend on its position.

It stands apart because a row's name is part of every key: it must outlive reordering and insertion.
"""

import csv
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, NamedTuple

from harness.core.canonical import digest
from harness.reading.lines import LinesFile
from harness.suite.tally import KEY_BITS, Tally

MAX_PROBLEMS = 50
"""Of one dataset: then reading stops."""


class DatasetProblem(Exception):
    """A dataset that cannot be used.

    line  1-based line of the dataset file, or row of the inline list; None if the whole is at fault
    text  that line
    """

    def __init__(self, message: str, remedy: str, *, line: int | None = None, text: str = "") -> None:
        """Keep place, fault and remedy apart for the loader."""
        super().__init__(message)
        self.message, self.remedy, self.line, self.text = message, remedy, line, text


class Row(NamedTuple):
    """One row: its name, its columns, and the 1-based line where it ends, or its position in an inline list."""

    name: str
    columns: Mapping[str, Any]
    line: int


Report = Callable[[DatasetProblem], None]
"""Takes a problem that leaves the rest readable; may raise it."""
_Columns = tuple[int, Mapping[str, Any]]


def name_rows(
    rows: Iterable[_Columns], report: Report, again: Callable[[], Iterable[_Columns]] | None
) -> Iterator[Row]:
    """Rows with their names: the `id` column, else a digest of the content; equal rows are numbered among themselves.

    rows    line and columns of each
    again   the same rows once more, from the first; None if they were found to be sound before, and are the same
    report  takes a repeated or unusable id, rows of which only some have one, and a dataset without rows
    """
    seen = Tally()
    number = first_line = 0
    with_ids: bool | None = None
    for number, (line, columns) in enumerate(rows, start=1):
        has_id = "id" in columns
        if with_ids is None:
            with_ids, first_line = has_id, line
        elif has_id is not with_ids:
            message = f"row {number if with_ids else 1} has no id, and others have"
            report(DatasetProblem(message, "give every row an id, or none", line=line if with_ids else first_line))
            return
        if not has_id:
            name = digest(columns)[: KEY_BITS // 4]
            count = seen.count(int(name, 16))
            yield Row(name if count == 1 else f"{name}-{count}", columns, line)
            continue
        identity = _id_of(columns["id"])
        if identity is None:
            message = f"row {number} has an id that is not a text or a whole number"
            report(DatasetProblem(message, "ids are short texts such as fr-01", line=line))
            continue
        # Of two ids that are counted as one, few are the same: their hashes may be.
        if again is not None and seen.count(hash(identity) & ((1 << KEY_BITS) - 1)) > 1:
            first = _first_of(identity, islice(again(), number - 1))
            if first is not None:
                message = f"row {number} repeats the id '{identity}' of row {first}"
                report(DatasetProblem(message, "give each row an id of its own", line=line))
                continue
        yield Row(identity, columns, line)
    if not number:
        report(DatasetProblem("the dataset has no rows", "add rows, or remove `dataset`"))


def _id_of(value: object) -> str | None:
    if not isinstance(value, str | int) or isinstance(value, bool):
        return None
    return str(value).strip() or None


def _first_of(identity: str, rows: Iterable[_Columns]) -> int | None:
    """The number of the first row with that id."""
    named = ((number, columns.get("id")) for number, (_, columns) in enumerate(rows, start=1))
    return next((number for number, value in named if _id_of(value) == identity), None)


class Dataset:
    """The rows of a file, walked as often as one likes."""

    def __init__(self, file: LinesFile, limit: int | None = None) -> None:
        """Take the first `limit` rows only, all of them if None; raises DatasetProblem for another kind of file."""
        self.reference = file.reference
        self._file = file
        self._limit = limit
        self._is_known = False
        ending = file.reference.lower().rpartition(".")[2]
        if ending not in _READERS:
            message = f"'{file.reference}' is neither .csv nor .jsonl"
            raise DatasetProblem(message, "a dataset file is CSV with a header, or JSONL")
        self._read = _READERS[ending]

    def rows(self, report: Report) -> Iterator[Row]:
        """One walk, to the file's end even where a limit leaves rows out: what it is known by is the whole file.

        report  takes the problems of single rows, which are then left out
        raises  ReferenceProblem if the file cannot be read, or has changed since an earlier walk
        """
        lines = self._file.walk()
        again = None if self._is_known else self._again
        yield from name_rows(islice(self._read(lines, report), self._limit), report, again)
        for _ in lines:
            pass
        self._is_known = True

    def _again(self) -> Iterator[_Columns]:
        return self._read(self._file.walk(), _ignore)


def rows_of_list(rows: Sequence[Mapping[str, Any]], report: Report) -> Iterator[Row]:
    """The rows of an inline list; `report` as for a file."""
    return name_rows(enumerate(rows, start=1), report, lambda: enumerate(rows, start=1))


def _ignore(_problem: DatasetProblem) -> None:
    """Pass over what has been reported before."""


def _csv_rows(lines: Iterator[str], report: Report) -> Iterator[_Columns]:
    reader = csv.reader(lines, strict=True)
    remedy = "quote cells that hold commas or line breaks"
    try:
        header = [column.strip() for column in next(reader, [])]
        fault = _fault_of_header(header)
        if fault is not None:
            report(fault)
            return
        for cells in reader:
            if len(cells) == len(header):
                yield reader.line_num, dict(zip(header, cells, strict=True))
            elif cells:
                message = f"line {reader.line_num} has {len(cells)} cells, the header has {len(header)}"
                report(DatasetProblem(message, remedy, line=reader.line_num))
    except csv.Error as error:
        message = f"line {reader.line_num} is not CSV: {error}"
        report(DatasetProblem(message, remedy, line=reader.line_num))


def _fault_of_header(header: Sequence[str]) -> DatasetProblem | None:
    if not header or not all(header):
        return DatasetProblem("the first line must name every column", "begin the file with a header line", line=1)
    repeated = [column for column, count in Counter(header).items() if count > 1]
    if repeated:
        message = f"the header repeats the column '{repeated[0]}'"
        return DatasetProblem(message, "give each column a name of its own", line=1)
    return None


def refuse_constant(name: str) -> None:
    """Refuse NaN and the infinities, which Python's JSON reader would take; raises ValueError."""
    message = f"{name} is not a JSON value"
    raise ValueError(message)


# Made once: json.loads makes another for each line where it is given anything.
_DECODE = json.JSONDecoder(parse_constant=refuse_constant).decode


def _jsonl_rows(lines: Iterator[str], report: Report) -> Iterator[_Columns]:
    # The lines end at LF alone: str.splitlines would also cut at U+2028, which JSON allows inside a string.
    remedy = "each line of a JSONL file is one JSON object"
    for number, line in enumerate(lines, start=1):
        if line.isspace():
            continue
        try:
            value = _DECODE(line)
        except (ValueError, RecursionError) as error:
            report(DatasetProblem(f"line {number} is not JSON: {error}", remedy, line=number, text=line))
            continue
        if ("\\ud" in line or "\\uD" in line) and not _is_sound(value):
            message = f"line {number} holds half of a surrogate pair, which no text can"
            whole = "escape whole pairs, or write the characters themselves"
            report(DatasetProblem(message, whole, line=number, text=line))
        elif not isinstance(value, dict):
            report(DatasetProblem(f"line {number} is not a JSON object", remedy, line=number, text=line))
        else:
            yield number, value


def _is_sound(value: Any) -> bool:
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True


_READERS = {"csv": _csv_rows, "jsonl": _jsonl_rows, "ndjson": _jsonl_rows}
