"""How much a template may do, and the faults that stop it.

It stands apart so that filters and evaluation spend from one purse.
"""

from typing import Any

from harness.core.errors import InputError

MAX_WORK = 500_000
"""Units a fill may spend: one for each expression, turn of a loop, or list entry touched, and one for 64 characters."""
MAX_CHARACTERS = 2_000_000
"""Of any text a template makes, and of all its output together."""
MAX_ENTRIES = 100_000
"""Of any list a template makes."""
_MAX_BITS = 1024
_MAX_DEPTH = 100
_CHARACTERS_A_UNIT = 64


class Fault(Exception):
    """A template that cannot be filled; the evaluation adds the line."""

    def __init__(self, message: str, remedy: str = "") -> None:
        """Keep the two sentences apart."""
        super().__init__(message)
        self.message = message
        self.remedy = remedy


class TemplateProblem(InputError):
    """A template cannot be filled; `message` says why and, in a long template, on which of its lines."""


def problem_of(fault: Fault, line: int, template: str) -> TemplateProblem:
    """A fault with its line, where the template has more than one."""
    place = f"line {line} of the template: " if "\n" in template.rstrip("\n") else ""
    return TemplateProblem(place + fault.message, remedy=fault.remedy)


class Bounds:
    """What one fill has spent so far."""

    def __init__(self) -> None:
        """Nothing spent."""
        self._work = 0
        self._emitted = 0

    def spend(self, units: int) -> None:
        """Count work.

        raises  Fault when there was too much
        """
        self._work += units
        if self._work > MAX_WORK:
            raise Fault("the template does too much work", "loop over less, or prepare the text in a file")

    def emit(self, count: int) -> None:
        """Count characters of output.

        raises  Fault when there are too many
        """
        self._emitted += count
        if self._emitted > MAX_CHARACTERS:
            raise _too_long()

    def grow(self, characters: int) -> None:
        """Ask before a text of so many characters is made.

        raises  Fault if it may not be
        """
        if characters > MAX_CHARACTERS:
            raise _too_long()
        self.spend(1 + characters // _CHARACTERS_A_UNIT)

    def lengthen(self, entries: int) -> None:
        """Ask before a list of so many entries is made.

        raises  Fault if it may not be
        """
        if entries > MAX_ENTRIES:
            raise Fault(f"the template makes a list of more than {MAX_ENTRIES:,} entries", "make it shorter")
        self.spend(entries)

    def weigh(self, value: Any) -> None:
        """Spend what it costs to look at the whole value once.

        raises  Fault when that is too much, when it is nested deeper than Python can print, and for an integer that is
                longer than Python would print
        """
        waiting = [(value, 0)]
        while waiting:
            part, depth = waiting.pop()
            self.spend(1)
            if isinstance(part, str):
                self.spend(len(part) // _CHARACTERS_A_UNIT)
            elif isinstance(part, int):
                self.whole(part)
            elif isinstance(part, dict | list | tuple):
                if depth > _MAX_DEPTH:
                    raise Fault("a value is nested too deep", "flatten it")
                inner = [*part, *part.values()] if isinstance(part, dict) else part
                waiting.extend([(each, depth + 1) for each in inner])

    def whole(self, number: int) -> int:
        """The integer itself.

        raises  Fault if it has more than 1,024 bits
        """
        if number.bit_length() > _MAX_BITS:
            raise Fault("a number is too large", "use smaller numbers")
        return number

    def text(self, value: Any) -> str:
        """The value as a template prints it.

        raises  Fault if the text would be too long
        """
        if isinstance(value, str):
            self.grow(len(value))
            return value
        self.weigh(value)
        text = str(value)
        self.grow(len(text))
        return text


def _too_long() -> Fault:
    return Fault(f"the template makes more than {MAX_CHARACTERS:,} characters", "repeat less, or use less text")
