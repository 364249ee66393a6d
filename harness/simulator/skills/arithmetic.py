"""Answers to questions that are arithmetic: an expression, or steps told one after the other.

It stands apart from the parser because here it is decided whether arithmetic is asked for at all, and how to say it.
"""

from collections import Counter
from collections.abc import Sequence
from fractions import Fraction

import regex

from harness.simulator.skills.expressions import bare_expression, worked
from harness.simulator.skills.figures import NUMBER, number_of, numbers_in, shown, whole
from harness.simulator.skills.patterns import find, find_all, replaced
from harness.simulator.skills.request import Request, Said

LARGEST = 10**60
"""Beyond this a chain of steps is given up."""

_ASKS = (
    r"\b(?:what(?:'s| is| are| do| does| would| will)?|whats|calculate|compute|evaluate|"
    r"work out|figure out|solve|how much|how many|find|"
    r"determine|tell me|give me|add|subtract|multiply|divide|sum|total|product|result|"
    r"equals?|math|arithmetic|quick|answer|"
    r"square root|percent|simplify|remainder|average|mean|median|double|triple|half|is it true)\b|=|^[\s\d(]"
)
_STEPS = (
    ((
rf"\b(?:add|plus|increase (?:it|that|the result|this) by|adding)\b\s+(?P<n>{NUMBER})|"
rf"\b(?:and )?then \+ ?(?P<n>{NUMBER})"
), "+"),
    ((
rf"\b(?:subtract|minus|take away|take off|deduct|remove|decrease (?:it|that|the result|"
rf"this) by)\b\s+(?P<n>{NUMBER})"
), "-"),
    ((
rf"\b(?:multiply|times)\b(?:\s+(?:it|that|this|the (?:result|sum|total|answer|product|"
rf"difference|number)))?(?:\s+by)?\s+(?P<n>{NUMBER})"
), "*"),
    ((
rf"\bdivide\b(?:\s+(?:it|that|this|the (?:result|sum|total|answer|product|difference|"
rf"number)))?\s+by\s+(?P<n>{NUMBER})"
), "/"),
    (r"\bdouble (?:it|that|this|the (?:result|sum|total|answer|product|difference|number))\b", "*2"),
    (r"\btriple (?:it|that|this|the (?:result|sum|total|answer|product|difference|number))\b", "*3"),
    (r"\bhalve (?:it|that|this|the (?:result|sum|total|answer|product|difference|number))\b|\btake half\b", "/2"),
    (r"\bsquare (?:it|that|this|the (?:result|sum|total|answer|product|difference|number))\b", "^2"),
)  # fmt: skip
_START = (
    rf"\b(?:start(?:ing)?(?: with| from| at)?|begin(?:ning)?(?: with| from| at)?|take|"
    rf"think of|given|let x be|pick|choose)\s+(?:the number\s+)?(?P<n>{NUMBER})"
)


def sum_asked(request: Request) -> Said | None:
    """The value of an expression that uses every number of the request: then nothing but arithmetic is asked."""
    found = worked(request.text)
    numbers = Counter(numbers_in(request.text))
    if found is None or not numbers or numbers - Counter(numbers_in(found.written)):
        return None
    return arithmetic(request)


def arithmetic(request: Request) -> Said | None:
    """The value of what is asked, or None where nothing is to be worked out."""
    text = request.text
    if not find(_ASKS, text) and not bare_expression(text):
        return None
    stepped = _stepwise(text)
    if stepped is not None:
        return _answer(stepped, text, "")
    linear = _linear(text)
    if linear is not None:
        return Said(full=f"x = {shown(linear)}", brief=shown(linear))
    found = worked(text) or worked(_with_last_result(request))
    return None if found is None else _answer(found.value, text, found.written)


def _with_last_result(request: Request) -> str:
    """The request with 'that' or 'the result' put as the last number that the model said."""
    said = next((turn.text for turn in reversed(request.conversation.messages) if turn.role == "assistant"), "")
    numbers = numbers_in(said[-2000:])
    if not numbers or len(request.text) > 200:  # noqa: PLR2004 - such a request is short
        return ""
    return replaced(
        r"\b(?:that|it|this|(?:the|your) (?:last |previous )?(?:result|answer|number|total|sum))\b",
        f" {shown(numbers[-1])} ",
        request.text,
    )


def _answer(value: Fraction, text: str, written: str) -> Said:
    brief = rounded(value, text)
    plain = written and len(written) < 80 and not find(r"[a-z]{3}", written)  # noqa: PLR2004 - a line of symbols
    return Said(full=f"{written} = {brief}" if plain else f"The answer is {brief}.", brief=brief)


def rounded(value: Fraction, text: str) -> str:
    """The value, to as many places as the text asks for."""
    if find(r"\bas a (?:simplified |reduced )?fraction\b", text):
        return str(value)
    if find(
        (
            r"\b(?:nearest|closest) (?:whole|integer)|\bround(?:ed)?(?: (?:it|up|down|off|"
            r"your answer|the (?:answer|result)))?(?: to)? (?:an? |the )?(?:integer|whole)"
        ),
        text,
    ):
        return shown(value, 0)
    places = find(rf"\b(?P<n>{NUMBER}) (?:decimal(?: place)?s?|digits after)", text)
    n = whole(places.group("n")) if places else None
    return shown(value, min(n, 12)) if n is not None else shown(value)


def _stepwise(text: str) -> Fraction | None:
    """'Start with 5, add 3, then double it': steps in the order in which they are told."""
    found = [(m.start(), symbol, m) for pattern, symbol in _STEPS for m in find_all(pattern, text)]
    steps = sorted(found, key=lambda step: step[0])
    start = find(_START, text)
    if start and steps and steps[0][0] >= start.end() - 1:
        return _walked(number_of(start.group("n")), steps)
    for n, (at, _, match) in enumerate(steps):
        opening = worked(text[:at])
        if opening is not None:
            # 'plus 3 times 2' is one expression; only a step that looks back on a result is a step.
            linked = find(_LINK, text[max(0, at - 10) : match.end()])
            return _walked(opening.value, steps[n:]) if linked else None
    return None


_LINK = (
    r"\b(?:then|next|after|finally|and|it|that|the (?:result|sum|total|answer|product|"
    r"difference|quotient|number))\b|[,;.]"
)


def _walked(value: Fraction | None, steps: Sequence[tuple[int, str, regex.Match[str]]]) -> Fraction | None:
    for _, symbol, match in steps:
        operand = number_of(match.groupdict().get("n") or symbol[1:] or "")
        if value is None or operand is None or (symbol[0] == "/" and not operand):
            return None
        value = _stepped(value, symbol[0], operand)
        if abs(value) > LARGEST:
            return None
    return value


def _stepped(value: Fraction, symbol: str, operand: Fraction) -> Fraction:
    if symbol == "/":
        return value / operand
    return {"+": value + operand, "-": value - operand, "*": value * operand, "^": value * value}[symbol]


def _linear(text: str) -> Fraction | None:
    """x in '3x + 4 = 19', where that is what is asked."""
    match = find(
        (
            r"(?P<a>\d{1,9}(?:\.\d{1,6})?)?\s*\*?\s*\b?(?P<x>[xyzn])\s*(?:(?P<sign>[+\-−])\s"  # noqa: RUF001 - marks that people write
            r"*(?P<b>\d{1,9}(?:\.\d{1,6})?))?\s*=\s*(?P<minus>-)?(?P<c>\d{1,9}(?:\.\d"
            r"{1,6})?)(?![\d.]*\s*[-+*/x])"
        ),
        text,
    )
    if match is None or not find(r"\b(?:solve|find|what|value|if|where|for)\b", text):
        return None
    a = Fraction(match.group("a") or 1)
    b = Fraction(match.group("b") or 0) * (1 if (match.group("sign") or "+") == "+" else -1)
    c = Fraction(match.group("c")) * (-1 if match.group("minus") else 1)
    return (c - b) / a if a else None
