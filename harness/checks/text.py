"""Checks of the answer's text: equals, contains, starts_with, one_of, regex, length.

They stand together because all look at the last reply's text and at nothing else of it.
"""

from decimal import Decimal

from harness.checks.fields import (
    Count,
    Flag,
    Maybe,
    Pattern,
    SomeText,
    Text,
    Texts,
    at_least_one,
    key,
    ordered,
    specification,
)
from harness.checks.figures import between, within
from harness.checks.kinds import Grade, TypedKind, decided, unknown
from harness.checks.patterns import TookTooLong, search
from harness.checks.showing import LIMIT, listed, quoted
from harness.core.check import Evidence

AROUND = 8
"""Characters of a reply that are shown beside the text which was found in it."""

_IGNORE_CASE = "True if capital and small letters are the same."
_TRIM = "False if white space around the text and around the reply counts; by default it does not."


def _like(text: str, *, ignore_case: bool, trim: bool) -> str:
    shaped = text.strip() if trim else text
    return shaped.casefold() if ignore_case else shaped


def _short(text: str) -> str:
    return quoted(text, limit=50)


@specification
class Equals:
    """Text that the reply must be."""

    text: Text = key("The whole reply.")
    ignore_case: Flag = key(_IGNORE_CASE, default=False)
    trim: Flag = key(_TRIM, default=True)


def _equals(spec: Equals, evidence: Evidence) -> Grade:
    reply, wanted = (
        _like(text, ignore_case=spec.ignore_case, trim=spec.trim) for text in (evidence.reply.content, spec.text)
    )
    differs = next((at for at, pair in enumerate(zip(reply, wanted, strict=False)) if pair[0] != pair[1]), 0)
    return decided(
        passes=reply == wanted, expected=quoted(spec.text), seen=quoted(evidence.reply.content, around=differs)
    )


EQUALS = TypedKind(
    name="equals",
    summary="The reply is exactly this text.",
    spec=Equals,
    shorthand="text",
    tell=lambda spec: f"equals {_short(spec.text)}",
    decide=_equals,
)


@specification
class Contains:
    """Text that must be somewhere in the reply."""

    text: SomeText = key("Text that stands somewhere in the reply.")
    ignore_case: Flag = key(_IGNORE_CASE, default=False)


def _contains(spec: Contains, evidence: Evidence) -> Grade:
    text = evidence.reply.content
    at = _like(text, ignore_case=spec.ignore_case, trim=False).find(
        _like(spec.text, ignore_case=spec.ignore_case, trim=False)
    )
    # Of a reply that holds it, where it stands is evidence enough: the reply itself is in the record.
    limit = LIMIT if at < 0 else min(LIMIT, len(spec.text) + AROUND)
    seen = quoted(text, around=max(0, at) + len(spec.text) // 2 * (at >= 0), limit=limit)
    return decided(passes=at >= 0, expected=f"{quoted(spec.text)} in the reply", seen=seen)


CONTAINS = TypedKind(
    name="contains",
    summary="The reply contains this text.",
    spec=Contains,
    shorthand="text",
    tell=lambda spec: f"contains {_short(spec.text)}",
    decide=_contains,
)


@specification
class StartsWith:
    """Text that the reply must begin with."""

    text: SomeText = key("Text that the reply begins with.")
    ignore_case: Flag = key(_IGNORE_CASE, default=False)
    trim: Flag = key("False if white space before the reply counts; by default it does not.", default=True)


def _starts_with(spec: StartsWith, evidence: Evidence) -> Grade:
    text = evidence.reply.content.lstrip() if spec.trim else evidence.reply.content
    begins = _like(text, ignore_case=spec.ignore_case, trim=False).startswith(
        _like(spec.text, ignore_case=spec.ignore_case, trim=False)
    )
    return decided(passes=begins, expected=f"{quoted(spec.text)} at the beginning", seen=quoted(text))


STARTS_WITH = TypedKind(
    name="starts_with",
    summary="The reply begins with this text.",
    spec=StartsWith,
    shorthand="text",
    tell=lambda spec: f"starts with {_short(spec.text)}",
    decide=_starts_with,
)


@specification
class OneOf:
    """Texts of which the reply must be one."""

    texts: Texts = key("Texts of which the whole reply is one.")
    ignore_case: Flag = key(_IGNORE_CASE, default=False)
    trim: Flag = key(_TRIM, default=True)


def _one_of(spec: OneOf, evidence: Evidence) -> Grade:
    reply, *wanted = (
        _like(text, ignore_case=spec.ignore_case, trim=spec.trim) for text in (evidence.reply.content, *spec.texts)
    )
    expected = f"one of {listed([quoted(text) for text in spec.texts])}"
    return decided(passes=reply in wanted, expected=expected, seen=quoted(evidence.reply.content))


ONE_OF = TypedKind(
    name="one_of",
    summary="The reply is exactly one of these texts.",
    spec=OneOf,
    shorthand="texts",
    tell=lambda spec: f"one of {listed([_short(text) for text in spec.texts], limit=80)}",
    decide=_one_of,
)


@specification
class Regex:
    """A pattern that the reply must match."""

    pattern: Pattern = key("A regular expression as Python's re has it, with Unicode classes such as \\p{L}.")
    ignore_case: Flag = key(_IGNORE_CASE, default=False)
    whole: Flag = key("True if the whole reply must match; by default any part of it may.", default=False)


def _regex(spec: Regex, evidence: Evidence) -> Grade:
    text = evidence.reply.content
    expected = f"{'the whole reply' if spec.whole else 'a part of the reply'} like {quoted(spec.pattern)}"
    try:
        span = search(spec.pattern, text, ignore_case=spec.ignore_case, whole=spec.whole)
    except TookTooLong as slow:
        return unknown(expected=expected, why=str(slow))
    if span is None:
        return decided(passes=False, expected=expected, seen=quoted(text))
    return decided(
        passes=True, expected=expected, seen=f"{quoted(text[slice(*span)])} in {quoted(text, around=span[0])}"
    )


REGEX = TypedKind(
    name="regex",
    summary="The reply matches this regular expression. One that takes more than a second is undecided.",
    spec=Regex,
    shorthand="pattern",
    tell=lambda spec: f"matches {_short(spec.pattern)}",
    decide=_regex,
)


_UNITS = ("characters", "words", "lines")


@specification
class Length:
    """How long the reply may be."""

    min_characters: Maybe[Count] = key("The least number of characters (Unicode code points).", default=None)
    max_characters: Maybe[Count] = key("The greatest number of characters (Unicode code points).", default=None)
    min_words: Maybe[Count] = key("The least number of words: what stands between white space.", default=None)
    max_words: Maybe[Count] = key("The greatest number of words: what stands between white space.", default=None)
    min_lines: Maybe[Count] = key("The least number of lines, empty ones counted.", default=None)
    max_lines: Maybe[Count] = key("The greatest number of lines, empty ones counted.", default=None)

    def __post_init__(self) -> None:
        """At least one bound, and room between the two of each unit."""
        at_least_one(self, *(f"{end}_{unit}" for unit in _UNITS for end in ("min", "max")))
        for unit in _UNITS:
            ordered(*self.bounds(unit), unit=f"_{unit}")

    def bounds(self, unit: str) -> tuple[int | None, int | None]:
        """The least and the greatest number of a unit."""
        return getattr(self, f"min_{unit}"), getattr(self, f"max_{unit}")


def _wanted_length(spec: Length) -> str:
    asked = [unit for unit in _UNITS if spec.bounds(unit) != (None, None)]
    return ", ".join(f"{between(*spec.bounds(unit))} {unit}" for unit in asked)


def _length(spec: Length, evidence: Evidence) -> Grade:
    text = evidence.reply.content.strip()
    sizes = {"characters": len(text), "words": len(text.split()), "lines": len(text.splitlines())}
    return decided(
        passes=all(within(*spec.bounds(unit), Decimal(size)) for unit, size in sizes.items()),
        expected=_wanted_length(spec),
        seen=", ".join(f"{size} {unit}" for unit, size in sizes.items() if spec.bounds(unit) != (None, None)),
    )


LENGTH = TypedKind(
    name="length",
    summary="The reply is neither too short nor too long; white space around it does not count.",
    spec=Length,
    tell=lambda spec: f"length {_wanted_length(spec)}",
    decide=_length,
)
