"""Dataset rows from a list, a CSV file or a JSONL file, each with a name that does not depend on its position.

It stands apart because a row's name is part of every key: it must outlive reordering and insertion.
"""

import csv
import io
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness.core.canonical import digest


class DatasetProblem(Exception):
    """A dataset that cannot be used.

    line  1-based line of the dataset file, or row of the inline list; None if the whole is at fault
    """

    def __init__(self, message: str, remedy: str, *, line: int | None = None) -> None:
        """Keep place, fault and remedy apart for the loader."""
        super().__init__(message)
        self.message, self.remedy, self.line = message, remedy, line


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row: its name and its columns."""

    name: str
    columns: Mapping[str, Any]


def name_rows(rows: Iterable[Mapping[str, Any]]) -> list[Row]:
    """Rows with their names: the `id` column, else a digest of the content; equal rows are numbered among themselves.

    raises  DatasetProblem for a repeated or unusable id, or rows of which only some have one
    """
    named: list[Row] = []
    taken: dict[str, int] = {}
    repeats: Counter[str] = Counter()
    for number, row in enumerate(rows, start=1):
        if "id" in row:
            name = _id_of(row["id"], number)
            if name in taken:
                message = f"row {number} repeats the id '{name}' of row {taken[name]}"
                raise DatasetProblem(message, "give each row an id of its own", line=number)
        else:
            name = digest(row)[:12]
            repeats[name] += 1
            name = name if repeats[name] == 1 else f"{name}-{repeats[name]}"
        taken[name] = number
        named.append(Row(name=name, columns=row))
    with_ids = sum("id" in row.columns for row in named)
    if 0 < with_ids < len(named):
        number = next(position for position, row in enumerate(named, start=1) if "id" not in row.columns)
        message = f"row {number} has no id, and others have"
        raise DatasetProblem(message, "give every row an id, or none", line=number)
    if not named:
        raise DatasetProblem("the dataset has no rows", "add rows, or remove `dataset`")
    return named


def _id_of(value: object, number: int) -> str:
    if not isinstance(value, str | int) or isinstance(value, bool) or not str(value).strip():
        message = f"row {number} has an id that is not a text or a whole number"
        raise DatasetProblem(message, "ids are short texts such as fr-01", line=number)
    return str(value).strip()


def rows_of_file(reference: str, text: str, limit: int | None = None) -> list[Row]:
    """The rows of a CSV or JSONL file.

    reference  the file's name, whose ending tells the format
    text       its content
    limit      use the first rows only
    raises     DatasetProblem with the line
    """
    if reference.lower().endswith(".csv"):
        rows = _csv_rows(text)
    elif reference.lower().endswith((".jsonl", ".ndjson")):
        rows = _jsonl_rows(text)
    else:
        raise DatasetProblem(
            f"'{reference}' is neither .csv nor .jsonl", "a dataset file is CSV with a header, or JSONL"
        )
    return name_rows(_first(rows, limit))


def _first(rows: Iterator[Mapping[str, Any]], limit: int | None) -> Iterator[Mapping[str, Any]]:
    for number, row in enumerate(rows):
        if limit is not None and number >= limit:
            return
        yield row


def _csv_rows(text: str) -> Iterator[Mapping[str, Any]]:
    reader = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), strict=True)
    try:
        header = [column.strip() for column in next(reader, [])]
        _check_header(header)
        for cells in reader:
            if not cells:
                continue
            if len(cells) != len(header):
                message = f"line {reader.line_num} has {len(cells)} cells, the header has {len(header)}"
                raise DatasetProblem(message, "quote cells that hold commas or line breaks", line=reader.line_num)
            yield dict(zip(header, cells, strict=True))
    except csv.Error as error:
        message = f"line {reader.line_num} is not CSV: {error}"
        raise DatasetProblem(message, "quote cells that hold commas or line breaks", line=reader.line_num) from error


def _check_header(header: Sequence[str]) -> None:
    if not header or not all(header):
        raise DatasetProblem("the first line must name every column", "begin the file with a header line", line=1)
    repeated = [column for column, count in Counter(header).items() if count > 1]
    if repeated:
        raise DatasetProblem(
            f"the header repeats the column '{repeated[0]}'", "give each column a name of its own", line=1
        )


def _jsonl_rows(text: str) -> Iterator[Mapping[str, Any]]:
    # Split on LF alone: str.splitlines would also cut at U+2028, which JSON allows inside a string.
    for number, line in enumerate(text.removeprefix("\ufeff").split("\n"), start=1):
        if not line.strip():
            continue
        try:
            value = json.loads(line, parse_constant=refuse_constant)
        except (ValueError, RecursionError) as error:
            message = f"line {number} is not JSON: {error}"
            raise DatasetProblem(message, "each line of a JSONL file is one JSON object", line=number) from error
        if "\\ud" in line.lower() and not _is_sound(value):
            message = f"line {number} holds half of a surrogate pair, which no text can"
            raise DatasetProblem(message, "escape whole pairs, or write the characters themselves", line=number)
        if not isinstance(value, dict):
            message = f"line {number} is not a JSON object"
            raise DatasetProblem(message, "each line of a JSONL file is one JSON object", line=number)
        yield value


def _is_sound(value: Any) -> bool:
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True


def refuse_constant(name: str) -> None:
    """Refuse NaN and the infinities, which Python's JSON reader would take; raises ValueError."""
    message = f"{name} is not a JSON value"
    raise ValueError(message)
