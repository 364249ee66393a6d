"""What the YAML parser says when it cannot go on, in an author's words.

It stands apart because it is a table about another library's messages, and changes with that library alone.
"""

from typing import NamedTuple

import yaml

from harness.reading.problems import Problem, quoted
from harness.reading.source import Mark, Source


class _Reading(NamedTuple):
    """How one of the parser's complaints is worded.

    context   words that its context must contain
    problem   words that its problem must contain
    at_start  True to point to where the unfinished thing begins, not to where the parser gave up
    """

    context: str
    problem: str
    message: str
    remedy: str
    at_start: bool = False


_QUOTE = "close it; within single quotes an apostrophe is written twice ('it''s')"
_COLON = "put text that contains ': ' in quotes; if a key is meant, check indentation, and the space after colons above"
_STAR = "put text that begins with '*' or '&' in quotes"
_ALIGN = "align it with the line where that begins; text cannot go on after a closing quote"
_BRACKET = "close it, or put the missing comma"

# Both wordings are here, libyaml's and those of PyYAML's own scanner; the first row that fits is used.
_READINGS = (
    _Reading("quoted scalar", "unexpected end of stream", "this quote is never closed", _QUOTE, at_start=True),
    _Reading("quoted scalar", "unexpected document", "this quote is never closed", _QUOTE, at_start=True),
    _Reading("", "escape", "no such escape in double quotes", r"write \\ for a backslash, or use single quotes"),
    _Reading("", "mapping values are not allowed", "a ': ' where no key can stand", _COLON),
    _Reading("flow sequence", "", "this '[' is not closed, or a comma is missing", _BRACKET, at_start=True),
    _Reading("flow mapping", "", "this '{' is not closed, or a comma is missing", _BRACKET, at_start=True),
    _Reading("alias", "", "this is no name of an anchor", _STAR),
    _Reading("anchor", "", "this is no name of an anchor", _STAR),
    _Reading(
        "simple key",
        "expected ':'",
        "this line is neither 'key: value' nor '- item'",
        "write a space after the colon; put text of several lines below a '|'",
        at_start=True,
    ),
    _Reading("block mapping", "expected", "this does not continue the mapping that begins on line {start}", _ALIGN),
    _Reading("block collection", "expected", "this does not continue the list that begins on line {start}", _ALIGN),
    _Reading("block sequence", "expected", "this does not continue the list that begins on line {start}", _ALIGN),
    _Reading("", "<document start>", "the document has ended before this", "check quotes and indentation above"),
)


def syntax_problem(source: Source, error: yaml.YAMLError | ValueError) -> Problem:
    """The problem that stopped the parser."""
    context = str(getattr(error, "context", None) or "")
    problem = str(getattr(error, "problem", None) or "")
    at = _mark(source, getattr(error, "problem_mark", None))
    start = _mark(source, getattr(error, "context_mark", None))
    rest = source.line(at.line)[at.column - 1 :]
    if "\t" in source.line(at.line)[: at.column] and ("token" in problem or "tab" in problem or "indent" in problem):
        return source.problem(at, "a tab in the indentation", "yaml-tab", "indent with spaces")
    if "cannot start any token" in problem and rest:
        message = f"plain text cannot begin with {quoted(rest[0])}"
        return source.problem(at, message, "yaml-syntax", "put the text in quotes")
    for reading in _READINGS:
        if reading.context in context and reading.problem in problem:
            message = reading.message.replace("{start}", str(start.line))
            return source.problem(start if reading.at_start else at, message, "yaml-syntax", reading.remedy)
    message = f"not valid YAML: {problem or 'it cannot be read'}"
    return source.problem(at, message, "yaml-syntax", "check quotes, brackets and indentation here and above")


def _mark(source: Source, mark: yaml.Mark | None) -> Mark:
    """A place of the parser, moved to the last line that holds something if it lies beyond the end."""
    if mark is None:
        return Mark(1, 1)
    line, column = mark.line + 1, mark.column + 1
    if not source.line(line):
        line = next((number for number in range(min(line, len(source.lines)), 0, -1) if source.line(number)), 1)
        column = len(source.line(line)) + 1
    return Mark(line, column)
