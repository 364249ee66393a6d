"""Whether the words that claims quote stand at the lines that they name, in the documents themselves.

It stands apart from the loader because the documents do not travel with the register: whoever has them can check it.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from harness.catalogue.claims_rules import FRAGMENTS
from harness.catalogue.places import Place, parse_places
from harness.core.claims import Claim, Register
from harness.core.errors import InputError

Documents = Mapping[str, Sequence[str]]
"""The lines of each document, by its id."""

MAX_BYTES = 50_000_000
_SHOWN = 160
_CELL_END = re.compile(r"(?<!\\)\|")


@dataclass(frozen=True, slots=True, kw_only=True)
class Misquote:
    """A claim whose words do not stand where it says.

    file   the document's file name
    line   1-based line that the search ended at: the first place without a word of the quote
    found  what stands there, shortened
    """

    claim: Claim
    file: str
    line: int
    fault: str
    found: str


def read_documents(register: Register, folder: Path) -> Documents:
    """The register's documents from a folder that holds them.

    raises  InputError naming every file that is missing, unreadable, or of another length than was read
    """
    contents: dict[str, Sequence[str]] = {}
    faults = []
    for document in register.documents:
        path = folder / document.file
        try:
            lines = _lines_of(path)
        except OSError as error:
            faults.append(f"{path}: cannot be read: {error.strerror or error}")
        except ValueError as error:
            faults.append(f"{path}: {error}")
        else:
            if len(lines) != document.lines:
                faults.append(
                    f"{path}: has {len(lines)} lines, and {document.lines} when it was read on {document.read}"
                )
            contents[document.id] = lines
    if faults:
        raise InputError("\n".join(faults), remedy="name the folder that holds the documents as they were read")
    return contents


def _lines_of(path: Path) -> list[str]:
    with path.open("rb") as file:
        content = file.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise ValueError(f"is larger than {MAX_BYTES // 1_000_000} MB")
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ValueError(f"byte {error.start} is not UTF-8") from error
    # Not splitlines(): it also ends a line at U+2028 and its like, where no editor counts one.
    lines = text.split("\n")
    return lines[:-1] if lines[-1] == "" else lines


def find_misquotes(register: Register, documents: Documents) -> Iterator[Misquote]:
    """The claims whose quote does not stand at their lines, in the register's order.

    Every fragment stands there in the order of the quote; every place of the lines holds at least one; a fragment
    does not begin or end within a word. With `cell`, the last fragment is the whole cell of that column.
    """
    files = {document.id: document.file for document in register.documents}
    for claim in register.claims:
        lines = documents[claim.provenance.document]
        fault = _misplaced(claim, lines) or _wrong_cell(claim, lines)
        if fault is not None:
            line, message = fault
            found = " ".join(lines[line - 1].split()) if line <= len(lines) else ""
            yield Misquote(
                claim=claim,
                file=files[claim.provenance.document],
                line=line,
                fault=message,
                found=found if len(found) <= _SHOWN else f"{found[: _SHOWN - 1]}…",
            )


def _misplaced(claim: Claim, lines: Sequence[str]) -> tuple[int, str] | None:
    """The line and fault of a quote whose fragments do not stand at its places in order, or None."""
    fragments = claim.provenance.quote.split(FRAGMENTS)
    places = parse_places(claim.provenance.lines)
    reached = 0
    for place in places:
        placed = _count_placed(fragments[reached:], lines, place)
        if placed == 0:
            what = (
                f"'{fragments[reached]}' does not stand there"
                if reached < len(fragments)
                else "nothing is quoted of it"
            )
            return place.first, what
        reached += placed
    if reached < len(fragments):
        return places[-1].first, f"'{fragments[reached]}' does not stand there"
    return None


def _count_placed(fragments: Sequence[str], lines: Sequence[str], place: Place) -> int:
    """How many of the fragments, from the first on, stand in that place one after the other."""
    text = "\n".join(lines[place.first - 1 : place.last])
    start = 0
    for count, fragment in enumerate(fragments):
        found = _pattern(fragment).search(text, start)
        if found is None:
            return count
        start = found.end()
    return len(fragments)


@cache
def _pattern(fragment: str) -> re.Pattern[str]:
    """The fragment, not within a longer word or name: 'grok-3' does not stand in 'grok-3-mini'."""
    before = r"(?<![\w-])" if re.match(r"\w", fragment) else ""
    after = r"(?![\w-])" if re.search(r"\w$", fragment) else ""
    return re.compile(before + re.escape(fragment) + after)


def _wrong_cell(claim: Claim, lines: Sequence[str]) -> tuple[int, str] | None:
    """The line and fault of a quote that is not the cell which it names, or None."""
    heading = claim.provenance.cell
    if not heading:
        return None
    number = int(claim.provenance.lines)
    first = number
    while first > 1 and lines[first - 2].lstrip().startswith("|"):
        first -= 1
    headings, row = _cells(lines[first - 1]), _cells(lines[number - 1])
    if headings.count(heading) != 1:
        return first, f"the table has {headings.count(heading) or 'no'} columns '{heading}'"
    at = headings.index(heading)
    cell = row[at] if at < len(row) else ""
    wanted = claim.provenance.quote.split(FRAGMENTS)[-1]
    if cell != wanted:
        return number, f"the cell under '{heading}' is '{cell}', not '{wanted}'"
    return None


def _cells(line: str) -> list[str]:
    """The cells of a table's row; none if the line is no row."""
    text = line.strip()
    if not text.startswith("|"):
        return []
    return [cell.strip() for cell in _CELL_END.split(text.removeprefix("|").removesuffix("|"))]
