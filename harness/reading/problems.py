"""What is wrong with a file, and how it is drawn: place, fault, source line, carets, remedy.

It stands apart so that every loader words and shows its problems alike, whatever it read.
"""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from harness.core.errors import InputError

_LINE_SHOWN = 120
"""Code points of a source line that are drawn at most."""
_BEFORE_CARET = 40
"""Of these, how many stand before the caret when the line is longer."""
_NAME_SHOWN = 60
_FEW = 12
"""Names that a remedy may list in full."""
_COMPARED = 5000
"""Names that are compared for likeness at most: a problem must not cost a second."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One fault in a file, with its place and its remedy.

    line, column  1-based, in code points
    length        how many code points the carets mark, at least 1
    code          stable name of the kind of fault, such as 'suite-unknown-key'
    remedy        what to do next; may be empty
    source_line   the whole line, unescaped, without its end
    """

    path: str
    line: int
    column: int
    length: int = 1
    message: str
    code: str
    remedy: str = ""
    source_line: str = ""

    @property
    def location(self) -> str:
        """`path:line:column`."""
        return f"{self.path}:{self.line}:{self.column}"


class ProblemsError(InputError):
    """A file cannot be used; holds every problem found, in order of place and each once."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        """Sort, drop repetitions, and render all of them with a count below."""
        self.problems = tuple(sorted(set(problems), key=_order))
        count = len(self.problems)
        rendered = [render_problem(problem) for problem in self.problems]
        super().__init__("\n".join([*rendered, f"{count} problem{'' if count == 1 else 's'}"]))


def _order(problem: Problem) -> tuple[str, int, int, str, str, str, int, str]:
    place = (problem.path, problem.line, problem.column)
    return (*place, problem.code, problem.message, problem.remedy, problem.length, problem.source_line)


def render_problem(problem: Problem) -> str:
    """The problem as a terminal shows it: several lines without a newline at the end.

    Nothing from the file reaches the terminal as a control: what does not print is shown as an escape, tabs among it,
    and the carets are placed by the width of what is shown.
    """
    place = f"{visible(problem.path)}:{problem.line}:{problem.column}"
    lines = [f"{place}: {visible(problem.message)}   [{problem.code}]"]
    if problem.source_line:
        shown, indent, carets = _drawn(problem)
        lines.append(f"{problem.line:>5} | {shown}")
        lines.append(f"      | {' ' * indent}{'^' * carets}")
    if problem.remedy:
        lines.append(f"   {visible(problem.remedy)}")
    return "\n".join(lines)


def _drawn(problem: Problem) -> tuple[str, int, int]:
    """The part of the source line to show, the width before the carets, and their number."""
    line, at = problem.source_line, problem.column - 1
    start = max(0, min(at - _BEFORE_CARET, len(line) - _LINE_SHOWN))
    stop = start + _LINE_SHOWN
    before = ("…" if start else "") + visible(line[start:at])
    marked = visible(line[at : min(at + problem.length, stop)])
    after = visible(line[min(at + problem.length, stop) : stop]) + ("…" if stop < len(line) else "")
    return before + marked + after, _width(before), max(1, _width(marked))


def _width(text: str) -> int:
    """Terminal cells of printable text."""
    if text.isascii():
        return len(text)
    wide = sum(unicodedata.east_asian_width(character) in "WF" for character in text)
    return len(text) + wide - sum(unicodedata.category(character) in ("Mn", "Me") for character in text)


def visible(text: str) -> str:
    r"""The text with every character that does not print as an escape such as `\x1b`, `\n` or `\u202e`."""
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode("ascii")
        for character in text
    )


def quoted(name: str) -> str:
    """The name in single quotes, shortened to some 60 characters."""
    return f"'{name}'" if len(name) <= _NAME_SHOWN else f"'{name[:_NAME_SHOWN]}…'"


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name most like `name`, letter case aside, or None if none is alike."""
    import difflib  # here, because a valid file never needs it

    wanted = name.casefold()
    # Names that differ more than twofold in length are never alike, and skipping them bounds difflib's squared cost.
    by_folded = {
        candidate.casefold(): candidate
        for candidate in sorted(known, reverse=True)[:_COMPARED]
        if len(wanted) <= 2 * len(candidate) <= 4 * len(wanted) and len(candidate) <= 2 * _NAME_SHOWN
    }
    found = difflib.get_close_matches(wanted, sorted(by_folded), n=1)
    return by_folded[found[0]] if found else None


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """A remedy: the nearest known name, else all of them if they are few, else nothing."""
    names = sorted(set(known))
    alike = nearest(name, names)
    if alike is not None:
        return f"did you mean {quoted(alike)}?"
    if not names or len(names) > _FEW:
        return ""
    return f"allowed here: {', '.join(quoted(known_name) for known_name in names)}"
