"""Tables for a terminal: plain columns, aligned, the same with and without one.

It stands apart so that every command prints alike, and a log file reads as well as a screen.
"""

import unicodedata
from collections.abc import Sequence

MAX_CELL = 60


def render_table(
    header: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[int] = (), limit: int = MAX_CELL
) -> str:
    """Columns separated by two spaces, under a header.

    right  positions of columns that are aligned to the right
    limit  characters a cell
    """
    cells = [[visible(cell, limit) for cell in row] for row in (header, *rows)]
    widths = [max(display_width(row[column]) for row in cells) for column in range(len(header))]
    lines = []
    for row in cells:
        padded = [
            " " * (width - display_width(cell)) + cell
            if column in right
            else cell + " " * (width - display_width(cell))
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  ".join(padded).rstrip())
    return "\n".join(lines)


def visible(text: str, limit: int = MAX_CELL) -> str:
    """A text on one line that cannot steer a terminal: control and format characters shown, long ones cut.

    Replies and names come from servers and suites that nobody vouches for.
    """
    shown = "".join(_shown(character) for character in text)
    return shown if len(shown) <= limit else shown[: limit - 1] + "…"


def _shown(character: str) -> str:
    if character in "\n\r\t":
        return " "
    return (
        f"\\u{ord(character):04x}" if unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp") else character
    )


def display_width(text: str) -> int:
    """Columns that a text takes in a terminal: wide characters count two, combining ones none."""
    return sum(
        0 if unicodedata.combining(character) else 2 if unicodedata.east_asian_width(character) in "WF" else 1
        for character in text
    )
