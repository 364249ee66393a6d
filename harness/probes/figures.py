"""Figures as documents write them, read exactly: numbers, `2M`, `1 hour`, and sums such as `1000*2/1e6`.

It stands apart from what is computed with them, and evaluates nothing but numbers and + - * / **: a register may come
from anyone.
"""

import ast
import math
import operator
import re
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction

from harness.catalogue.numbers import is_number

_LONGEST = 200
_LARGEST = 10**60
_STEEPEST = 30
_UNITS = {"": 1, "k": 10**3, "m": 10**6, "b": 10**9}
_SECONDS = {"second": 1, "minute": 60, "hour": 3_600, "day": 86_400, "week": 604_800}
_AMOUNT = re.compile(r"(\d[\d,]{0,30}(?:\.\d{1,9})?)\s*([kKmMbB]?)(?:\s+tokens)?")
_SUM = re.compile(r"[0-9.eE+\-*/() ]+")
_SPAN = re.compile(r"(\d{1,9})\s*([a-z]+?)s?")

_OPERATORS: dict[type[ast.operator], Callable[[Fraction, Fraction], Fraction]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}


class Unreadable(ValueError):
    """A sum that is none, or is too large; the message says which."""


def exact(value: object) -> Fraction | None:
    """A number through its shortest spelling, so that 0.1 means a tenth; None if it is none or not finite."""
    if not is_number(value):
        return None
    if isinstance(value, float):
        return Fraction(str(value)) if math.isfinite(value) else None
    return Fraction(value)


def amount(text: object) -> Fraction | None:
    """`2M` or `131K tokens` as a number, K being 1,000; None if it is no amount."""
    if not isinstance(text, str):
        return exact(text)
    match = _AMOUNT.fullmatch(text.strip())
    if match is None:
        return None
    return Fraction(match.group(1).replace(",", "")) * _UNITS[match.group(2).lower()]


def seconds(text: object) -> Fraction | None:
    """`1 hour` in seconds; None if it is no span of time."""
    match = _SPAN.fullmatch(text.strip().lower()) if isinstance(text, str) else None
    if match is None or match.group(2) not in _SECONDS:
        return None
    return Fraction(int(match.group(1)) * _SECONDS[match.group(2)])


def agrees(stated: object, computed: Fraction) -> bool:
    """Whether a stated number is the computed one, rounded to as many decimals as are written."""
    figure = exact(stated)
    if figure is None:
        return False
    exponent = Decimal(str(stated)).as_tuple().exponent if isinstance(stated, float) else 0
    decimals = -exponent if isinstance(exponent, int) and exponent < 0 else 0
    return figure in (computed, round(computed, decimals))


def shown(figure: Fraction) -> str:
    """A figure as a reader writes it: 2,000,000 or 0.057."""
    try:
        return f"{float(figure):,.10g}"
    except OverflowError:
        return "a number too large to write"


def evaluate(text: str) -> tuple[Fraction, tuple[Fraction, ...]]:
    """What a sum comes to, exactly, and the numbers that it is made of, in order.

    raises  Unreadable if it holds anything but numbers and + - * / **, divides by nothing, or grows too large
    """
    if len(text) > _LONGEST:
        raise Unreadable(f"is longer than {_LONGEST} characters")
    if not _SUM.fullmatch(text):
        raise Unreadable("is no sum of numbers")
    try:
        tree = ast.parse(text.strip(), mode="eval")
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        raise Unreadable("is no sum of numbers") from None
    numbers: list[Fraction] = []
    return _value(tree.body, numbers), tuple(numbers)


def _value(node: ast.expr, numbers: list[Fraction]) -> Fraction:
    if isinstance(node, ast.Constant):
        number = exact(node.value)
        if number is None:
            raise Unreadable("is no sum of numbers")
        numbers.append(number)
        return _bounded(number)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return -_value(node.operand, numbers)
    if not isinstance(node, ast.BinOp):
        raise Unreadable("is no sum of numbers")
    left, right = _value(node.left, numbers), _value(node.right, numbers)
    if isinstance(node.op, ast.Pow):
        if right.denominator != 1 or abs(right) > _STEEPEST:
            raise Unreadable(f"has a power that is no whole number up to {_STEEPEST}")
        raised = _divided(Fraction(1), left) ** -int(right) if right < 0 else left ** int(right)
        return _bounded(Fraction(raised))
    apply = _OPERATORS.get(type(node.op))
    if apply is None:
        raise Unreadable("is no sum of numbers")
    return _bounded(_divided(left, right) if apply is operator.truediv else apply(left, right))


def _divided(above: Fraction, below: Fraction) -> Fraction:
    if below == 0:
        raise Unreadable("divides by nothing")
    return above / below


def _bounded(number: Fraction) -> Fraction:
    if abs(number.numerator) > _LARGEST or number.denominator > _LARGEST:
        raise Unreadable("grows too large")
    return number
