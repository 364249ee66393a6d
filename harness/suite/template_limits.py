"""How much filling a template may cost, and the problem that ends it.

It stands apart so that text without a template needs no Jinja, and all that a fill does spends from one purse.
"""

import math
from typing import Any

from harness.core.errors import InputError

MAX_CHARACTERS = 2_000_000
"""Of any text, and of all output together."""
MAX_ENTRIES = 100_000
"""Of any list or mapping."""
MAX_BITS = 1024
"""Of any integer."""
_MAX_STEPS = 500_000
_MAX_DEPTH = 100
_CHARACTERS_A_STEP = 64


class TemplateProblem(InputError):
    """A template cannot be filled; `message` says why and, in a long template, on which of its lines."""


class Limits:
    """What one fill has spent: a step is a node of a loop's body in one turn, an entry of a list, or 64 characters.

    Every method raises TemplateProblem when that is too much.
    """

    def __init__(self) -> None:
        """Nothing spent."""
        self._steps = self._written = 0

    def spend(self, steps: int) -> None:
        """Count work."""
        self._steps += steps
        if self._steps > _MAX_STEPS:
            raise TemplateProblem("the template does too much work", remedy="loop over less, or prepare it in a file")

    def write(self, text: str) -> str:
        """A piece of output, counted."""
        self._written += len(text)
        self.characters(self._written, new=len(text))
        return text

    def characters(self, count: int, *, new: int | None = None) -> None:
        """Ask for a text of so many characters, all of them new if not given."""
        if count > MAX_CHARACTERS:
            message = f"the template makes more than {MAX_CHARACTERS:,} characters"
            raise TemplateProblem(message, remedy="repeat less, or use less text")
        self.spend((count if new is None else new) // _CHARACTERS_A_STEP)

    def entries(self, count: int) -> None:
        """Ask for a list of so many entries."""
        if count > MAX_ENTRIES:
            message = f"the template makes a list of more than {MAX_ENTRIES:,} entries"
            raise TemplateProblem(message, remedy="make it shorter")
        self.spend(count)

    def weigh(self, value: Any) -> int:
        """Spend, and return, what it costs to look at the whole value.

        value  JSON-like, all its texts together and each of its lists and numbers of a bearable size, and no deeper
               than Python can print
        """
        level, before, characters = [value], self._steps, 0
        for _ in range(_MAX_DEPTH):
            below: list[Any] = []
            for part in level:
                if isinstance(part, dict | list | tuple):
                    self.entries(len(part))
                    below += [*part, *part.values()] if isinstance(part, dict) else part
                elif isinstance(part, str):
                    characters += len(part)
                    self.characters(characters, new=len(part))
                elif isinstance(part, int):
                    if part.bit_length() > MAX_BITS:
                        raise TemplateProblem("a number is too large", remedy="use smaller numbers")
                elif isinstance(part, complex) or (isinstance(part, float) and not math.isfinite(part)):
                    raise TemplateProblem("a number is not finite", remedy="correct the numbers")
                elif not isinstance(part, float | None):
                    str(part)  # raises what says which name is not defined
                    raise TemplateProblem(f"{named(part)} cannot be used here", remedy="use text, numbers and lists")
            self.spend(1)
            if not below:
                return self._steps - before
            level = below
        raise TemplateProblem("a value is nested too deep", remedy="flatten it")

    def made(self, value: Any) -> Any:
        """The value that a step has just made, weighed."""
        self.weigh(value)
        return value

    def text(self, value: Any) -> str:
        """The value as a template prints it."""
        return str(self.made(str(self.made(value))))


def named(value: Any) -> str:
    """What kind of value it is, in words."""
    if value is None or isinstance(value, bool):
        return str(value).lower()
    kinds = ((str, "text"), (int | float, "a number"), (dict, "a mapping"), (list | tuple, "a list"))
    return next((name for kind, name in kinds if isinstance(value, kind)), f"a {type(value).__name__}")
