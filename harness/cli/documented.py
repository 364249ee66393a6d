"""What is documented, as lines of a terminal: tables cut to its width, contradictions with both sides abreast.

It stands apart from the command because laying out needs neither options nor files.
"""

import textwrap
from collections.abc import Iterator, Sequence
from itertools import zip_longest
from typing import TYPE_CHECKING

from harness.cli.tables import display_width, render_table, visible
from harness.core.claims import Claim, Conflict, Register

if TYPE_CHECKING:
    from harness.catalogue.matrices import Matrix

_MARGIN = "    "
_BETWEEN = " | "
_LONGEST = 10_000
"""Characters of a text that is wrapped: what a register file may hold, and more."""


def fitted(matrix: "Matrix", width: int) -> Iterator[str]:
    """The table, cut into several below each other where it is too wide; each begins with the first column."""
    texts = [[cell.marked for cell in row] for row in matrix.rows]
    widths = [
        max(display_width(visible(text, width)) for text in column)
        for column in zip(matrix.header, *texts, strict=True)
    ]
    for number, columns in enumerate(_blocks(widths, width)):
        if number:
            yield ""
        limit = max(12, width - (widths[0] + 2 if len(columns) == 2 else 0))  # noqa: PLR2004 - the first and one more
        right = [place for place, column in enumerate(columns) if column in matrix.right]
        rows = [[row[column] for column in columns] for row in texts]
        yield render_table([matrix.header[column] for column in columns], rows, right=right, limit=limit)


def _blocks(widths: Sequence[int], width: int) -> Iterator[list[int]]:
    """Columns that fit beside the first one; one that fits nowhere stands alone and is cut."""
    block, used = [0], widths[0]
    for column, needed in enumerate(widths[1:], start=1):
        if used + 2 + needed > width and len(block) > 1:
            yield block
            block, used = [0], widths[0]
        block.append(column)
        used += 2 + needed
    yield block


def side_by_side(conflicts: Sequence[Conflict], register: Register, width: int) -> Iterator[str]:
    """Each contradiction: its id and matter, then its readings beside each other, with where they stand."""
    room = (width - len(_MARGIN) - len(_BETWEEN)) // 2
    for number, conflict in enumerate(conflicts):
        if number:
            yield ""
        yield from _wrapped(f"{conflict.id} {'/'.join(conflict.types)}  {conflict.about}", width, _MARGIN)
        sides = [_side(side.says, side.claims, register, room) for side in conflict.sides]
        for place in range(0, len(sides), 2):
            left, right = [*sides[place : place + 2], []][:2]
            for one, other in zip_longest(left, right, fillvalue=""):
                yield f"{_MARGIN}{one}{' ' * (room - display_width(one))}{_BETWEEN}{other}".rstrip()
        for word, text in (("evidence", conflict.evidence), ("narrowed", conflict.narrowed)):
            if text:
                yield from _wrapped(f"{_MARGIN}{word}: {text}", width, _MARGIN + "  ")


def noted(conflicts: Sequence[Conflict], width: int) -> Iterator[str]:
    """Each ambiguity or gap: its id, what is open, and what public evidence says."""
    for conflict in conflicts:
        text = f"{conflict.id} {'/'.join(conflict.types)}  {conflict.about}"
        yield from _wrapped(f"{text} Evidence: {conflict.evidence}" if conflict.evidence else text, width, "       ")


def _wrapped(text: str, width: int, indent: str) -> list[str]:
    return textwrap.wrap(visible(text, _LONGEST), width, subsequent_indent=indent, break_on_hyphens=False)


def _side(says: str, claims: Sequence[str], register: Register, room: int) -> list[str]:
    """A reading in a column of that width: what it says, and the claims that hold it with their places."""
    lines = _wrapped(says, room, "")
    for claim in filter(None, map(register.find, claims)):
        lines += _wrapped(f"- {where(claim)} {claim.id}", room, "  ")
    return lines if claims else [*lines, "- no claim states it"]


def where(claim: Claim) -> str:
    """The document and lines of a claim, such as `comp:505`."""
    return f"{claim.provenance.document}:{claim.provenance.lines}"
