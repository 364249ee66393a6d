r"""Regular expressions that cannot hang a run.

They stand apart because patterns come from suites and texts from models, and Python's own `re` can be stopped by
nothing once it backtracks. The library `regex` has the same language, with Unicode classes, and a time limit.
"""

from functools import lru_cache
from typing import Any

MAX_LENGTH = 5_000
# `regex` writes x{100} out a hundred times: nested repeats have eaten 4 GB before the first character was read.
MAX_SIZE = 20_000
SECONDS = 1.0


class TookTooLong(Exception):
    """A pattern did not come to an end within its time."""


def pattern_fault(pattern: str) -> str | None:
    """Why a pattern cannot be used, in words; None if it can."""
    import regex

    if len(pattern) > MAX_LENGTH:
        return f"the pattern has {len(pattern)} characters, and {MAX_LENGTH} are allowed"
    if _size(pattern) > MAX_SIZE:
        return f"the repeats of the pattern come to more than {MAX_SIZE} characters"
    try:
        _compiled(pattern, ignore_case=False)
    except regex.error as error:
        return f"not a regular expression: {error}"
    except RecursionError:
        return "the groups of the pattern are nested too deeply"
    return None


def search(pattern: str, text: str, *, ignore_case: bool = False, whole: bool = False) -> tuple[int, int] | None:
    """Where the pattern is first found in the text, as start and end; None if nowhere.

    whole   the text from its first to its last character must match
    raises  TookTooLong after a second
    """
    compiled = _compiled(pattern, ignore_case=ignore_case)
    try:
        match = (compiled.fullmatch if whole else compiled.search)(text, timeout=SECONDS)
    except TimeoutError:
        message = f"the pattern took more than {SECONDS:g} s: it backtracks without end on this text"
        raise TookTooLong(message) from None
    return None if match is None else match.span()


@lru_cache(maxsize=512)
def _compiled(pattern: str, *, ignore_case: bool) -> Any:
    import regex

    return regex.compile(pattern, regex.VERSION0 | (regex.IGNORECASE if ignore_case else 0))


def _size(pattern: str) -> int:
    """About how many characters the pattern comes to with its least repeats written out."""
    import regex

    sizes, last = [0], 0
    # An escape, a class, a bound of repeats, a bracket, or any other character.
    piece = r"\\.|\[\^?\]?(?:\\.|[^\]\\])*+\]|\{(?P<least>[0-9]{1,9})(?:,[0-9]*)?\}|."
    for match in regex.finditer(piece, pattern, regex.DOTALL):
        if match["least"] is not None:
            sizes[-1] += last * max(0, int(match["least"]) - 1)
            last *= max(1, int(match["least"]))
        elif match[0] == "(":
            sizes.append(0)
        elif match[0] == ")" and len(sizes) > 1:
            last = sizes.pop()
            sizes[-1] += last
        else:
            last = 1
            sizes[-1] += 1
    return sum(sizes)
