"""Typed reading of an untrusted JSON body: each reader gives a value of its type, None for absent or null, or refuses.

It stands apart because a wrong type anywhere must be the same 422 and never an exception of Python's.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeVar

from harness.simulator.chat.refusal import invalid, unreadable

DEEPEST: Final = 64
MOST_VALUES: Final = 2_000_000
"""Values in one body: what fits into the largest documented prompt many times over."""

Body = Mapping[str, Any]
T = TypeVar("T")


def check_shape(value: Any) -> None:
    """Refuse what is nested too deep, holds too many values, or text that has no UTF-8; anything else may come.

    Walks without recursion: how deep a body is nested is the client's choice.
    """
    stack: list[tuple[Any, int]] = [(value, 1)]
    seen = 0
    while stack:
        each, depth = stack.pop()
        if isinstance(each, str):
            _check_text(each)
        elif isinstance(each, dict | list):
            if depth > DEEPEST:
                raise invalid(f"The request is nested deeper than {DEEPEST} levels.")
            seen += len(each)
            if seen > MOST_VALUES:
                raise invalid(f"The request holds more than {MOST_VALUES} values.")
            if isinstance(each, dict):
                for key in each:
                    _check_text(key)
                stack.extend((inner, depth + 1) for inner in each.values())
            else:
                stack.extend((inner, depth + 1) for inner in each)


def _check_text(text: str) -> None:
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise unreadable("a string holds a lone surrogate, which is no character") from error


def read_object(value: Any, name: str) -> Body | None:
    """A JSON object."""
    return _typed(value, dict, "an object", name)


def read_list(value: Any, name: str) -> Sequence[Any] | None:
    """A JSON array."""
    return _typed(value, list, "an array", name)


def read_text(value: Any, name: str) -> str | None:
    """A string."""
    return _typed(value, str, "a string", name)


def read_flag(value: Any, name: str) -> bool | None:
    """A boolean."""
    return _typed(value, bool, "a boolean", name)


def read_number(value: Any, name: str) -> float | None:
    """A number that is no boolean; an integer too large for a float is out of every range, so it is infinite."""
    if value is None or isinstance(value, float):
        return value
    if isinstance(value, bool) or not isinstance(value, int):
        raise _wrong(value, "a number", name)
    try:
        return float(value)
    except OverflowError:
        return float("inf") if value > 0 else float("-inf")


def read_integer(value: Any, name: str) -> int | None:
    """A whole number, not a boolean and not written with a fraction."""
    if isinstance(value, bool):
        raise _wrong(value, "an integer", name)
    return _typed(value, int, "an integer", name)


def required(value: T | None, name: str) -> T:
    """The value, or a refusal because the field is missing."""
    if value is None:
        raise unreadable(f"missing field `{name}`")
    return value


def in_range(value: float | None, name: str, least: float, most: float) -> None:
    """Refuse a number outside [least, most], NaN included."""
    if value is not None and not least <= value <= most:
        raise invalid(f"Invalid value for {name}: must be between {least:g} and {most:g}.")


def one_of(value: str | None, name: str, allowed: Sequence[str]) -> None:
    """Refuse a string that is none of the allowed ones."""
    if value is not None and value not in allowed:
        raise invalid(f"Invalid value for {name}: {value[:80]!r} is none of {', '.join(allowed)}.")


def _typed(value: Any, kind: type[T], what: str, name: str) -> T | None:
    if value is None or isinstance(value, kind):
        return value
    raise _wrong(value, what, name)


def _wrong(value: Any, what: str, name: str) -> Exception:
    return unreadable(f"{name}: invalid type: {_described(value)}, expected {what}")


def _described(value: Any) -> str:
    if isinstance(value, bool):
        return "boolean"
    kinds = {dict: "map", list: "sequence", str: "string", int: "integer", float: "floating point"}
    return kinds.get(type(value), "null")
