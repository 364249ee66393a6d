"""Prompts and expectations filled from a row's variables, by Jinja in a strict and bounded sandbox.

It stands apart because suites are untrusted: whatever a template says, filling it ends soon, with text of bounded
length or a TemplateProblem, and touches nothing but the variables. Text without a template costs nothing, not even
the import of Jinja; nor do names alone, which nearly every dataset's prompt is made of.
"""

import math
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from harness.suite.template_limits import Limits, TemplateProblem

if TYPE_CHECKING:
    from harness.suite.template_sandbox import Compiled

__all__ = ["Template", "TemplateProblem", "fill", "fill_value", "is_template"]

_MARK = re.compile(r"\{[{%#]")
_NAME = re.compile(r"\{\{ *([A-Za-z][A-Za-z0-9_]*) *\}\}")
# Words that mean something else to Jinja than a variable of that name.
_WORDS = frozenset(
    {
        *("and", "or", "not", "in", "is", "if", "else", "true", "false", "none", "True", "False", "None"),
        *("self", "super", "caller", "loop", "varargs", "kwargs"),
    }
)
_MAX_DEPTH = 100
# What is filled without the sandbox is so short that no limit could be reached: 64 texts of 10,000 characters beside
# 500,000 of the template's own are 1,140,000 characters of 2,000,000, and 40,000 steps of 500,000.
_MOST_NAMES = 64
_LONGEST_VALUE = 10_000
_LONGEST_PLAIN = 500_000
_LARGEST = 1 << 64


def is_template(text: str) -> bool:
    """Whether there is anything to fill in."""
    return "{" in text and _MARK.search(text) is not None


class Template:
    """One text to be filled from the variables of many rows, looked at once.

    A text whose only marks are names, as in `Say {{ this }}`, is filled here, to the very text that the sandbox would
    make of it; all else, values that are not short texts or numbers among it, is the sandbox's.
    fixed  True if there is no mark in it: it is then its own text
    """

    __slots__ = ("_compiled", "_names", "_pieces", "fixed", "source")

    def __init__(self, source: str) -> None:
        """Look for marks; nothing is compiled yet."""
        self.source = source
        self.fixed = not is_template(source)
        self._compiled: Compiled | None = None
        self._pieces, self._names = ([], []) if self.fixed else _plain(source)

    def text(self, variables: Mapping[str, Any]) -> str:
        """The text; arguments and errors as for `fill`."""
        if self.fixed:
            return self.source
        if self._names:
            pieces = self._pieces.copy()
            for at, name in self._names:
                value: Any = variables.get(name)
                kind = type(value)  # its very type: a subclass may print as anything
                if kind is str and len(value) <= _LONGEST_VALUE:
                    pieces[at] = value
                elif kind is not str and _is_plain_number(value):
                    pieces[at] = str(value)
                else:
                    break
            else:
                return "".join(pieces)
        return str(self.render(variables, Limits(), native=False))

    def value(self, variables: Mapping[str, Any]) -> Any:
        """The text or, if the template is one expression and nothing else, the expression's own value."""
        if len(self._names) == 1 and len(self._pieces) == 1:
            value: Any = variables.get(self._names[0][1])
            if (type(value) is str and len(value) <= _LONGEST_VALUE) or _is_plain_number(value):
                return value
        elif self._names:
            return self.text(variables)
        return self.source if self.fixed else self.render(variables, Limits(), native=True)

    def render(self, variables: Mapping[str, Any], limits: Limits, *, native: bool) -> Any:
        """What the sandbox makes of it, spending from `limits`; `native` as in `value`."""
        if self._compiled is None:
            from harness.suite.template_sandbox import compiled

            self._compiled = compiled(self.source)
        return self._compiled.render(variables, limits, native=native)


def _plain(source: str) -> tuple[list[str], list[tuple[int, str]]]:
    """The pieces of a template that names alone are put into, and where; nothing if there is more to it."""
    pieces: list[str] = []
    names: list[tuple[int, str]] = []
    end = 0
    # Jinja makes one kind of line end of all.
    if len(source) > _LONGEST_PLAIN or "\r" in source:
        return [], []
    while (mark := _MARK.search(source, end)) is not None:
        name = _NAME.match(source, mark.start())
        if name is None or name[1] in _WORDS or len(names) == _MOST_NAMES:
            return [], []
        if mark.start() > end:
            pieces.append(source[end : mark.start()])
        names.append((len(pieces), name[1]))
        pieces.append("")
        end = name.end()
    if end < len(source):
        pieces.append(source[end:])
    return pieces, names


def _is_plain_number(value: Any) -> bool:
    kind = type(value)
    if kind is int:
        return bool(-_LARGEST < value < _LARGEST)
    return kind is bool or (kind is float and math.isfinite(value))


def fill(template: str, variables: Mapping[str, Any]) -> str:
    """The template's text; text without `{{`, `{%` and `{#` is returned as it is.

    variables  JSON-like values by name; what they hold is put in as it is and never rendered
    raises     TemplateProblem for names that are not defined, bad syntax, what is not allowed, and exhausted limits
    """
    return Template(template).text(variables)


def fill_value(value: Any, variables: Mapping[str, Any]) -> Any:
    """A JSON-like value with every text in it filled, keys aside; a new value where anything changed.

    A text that is one `{{ expression }}` and nothing else becomes the expression's own value: a number stays a number.
    The limits hold for the value as a whole.
    raises  TemplateProblem as `fill`
    """
    return _filled_within(value, variables, Limits(), 0)


def _filled_within(value: Any, variables: Mapping[str, Any], limits: Limits, depth: int) -> Any:
    if depth > _MAX_DEPTH:
        raise TemplateProblem(f"nested more than {_MAX_DEPTH} levels deep", remedy="flatten it")
    if isinstance(value, str):
        template = Template(value)
        return value if template.fixed else template.render(variables, limits, native=True)
    if isinstance(value, Mapping):
        return {key: _filled_within(part, variables, limits, depth + 1) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_filled_within(part, variables, limits, depth + 1) for part in value]
    return value
