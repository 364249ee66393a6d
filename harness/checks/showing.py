"""Values as findings show them: short, in one line, with nothing in them that could upset a terminal or a file.

It stands apart because every kind shows untrusted text, and each must do it alike.
"""

import json
from typing import Any

LIMIT = 200


def printable(text: str) -> str:
    """The text with control characters, bidirectional marks and lone surrogates escaped."""
    if text.isprintable():
        return text
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape", "surrogatepass").decode("ascii") for char in text
    )


def shortened(text: str, *, around: int = 0, limit: int = LIMIT) -> str:
    """The text, printable and cut to about `limit` characters, dots where something is left out.

    around  index of the character that must stay in view
    """
    start = max(0, min(around - limit // 2, len(text) - limit))
    shown = printable(text[start : start + limit])
    # An escape can be ten times as long as its character.
    cut = start + limit < len(text) or len(shown) > 2 * limit
    return ("…" if start else "") + shown[: 2 * limit] + ("…" if cut else "")


def quoted(text: str, *, around: int = 0, limit: int = LIMIT) -> str:
    """The text shortened and in quotes; `no text` if there is none."""
    return f"'{shortened(text, around=around, limit=limit)}'" if text else "no text"


def spelled(value: Any, *, limit: int = LIMIT) -> str:
    """A JSON value as JSON, shortened."""
    return shortened(json.dumps(value, ensure_ascii=False, default=str), limit=limit)


def listed(items: list[str], *, limit: int = LIMIT) -> str:
    """Items joined by commas, shortened; `nothing` if there are none."""
    return shortened(", ".join(items), limit=limit) if items else "nothing"
