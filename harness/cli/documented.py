"""A documented matrix as lines of a terminal, cut to its width.

It stands apart because the catalogue's command and the demo lay it out alike.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from harness.cli.tables import display_width, render_table, visible

if TYPE_CHECKING:
    from harness.catalogue.matrices import Matrix


def render_matrix(matrix: "Matrix", width: int) -> Iterator[str]:
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
