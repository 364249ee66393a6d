"""JSON from a model: read within bounds, and compared as JSON compares.

It stands apart because replies, tool arguments and judgements are all read this way, and Python's reader would crash on
some, accept NaN, and take true for 1.
"""

import json
import math
import re
from typing import Any, NoReturn

MAX_DEPTH = 100
# What a double can hold; RFC 8259 promises no more between two programs.
MAX_DIGITS = 308

_FENCE = re.compile(r"```[^\n`]*\n(?P<inside>.*)\n[ \t]*```", re.DOTALL)
# The end of a string is optional, so that one never closed is passed over once and not once for every quote in it.
_STRUCTURE = re.compile(r'"(?:[^"\\]|\\.)*+"?|[\[\]{}]', re.DOTALL)


class NotJson(Exception):
    """A text is not JSON, or not JSON that two programs would read alike."""


def read_json(text: str) -> Any:
    """The value of a JSON text; raises NotJson with the reason."""
    if _depth(text) > MAX_DEPTH:
        message = f"nested too deeply: more than {MAX_DEPTH} levels"
        raise NotJson(message)
    try:
        return json.loads(text, parse_constant=_refuse, parse_int=_integer, parse_float=_float)
    except json.JSONDecodeError as error:
        message = f"{error.msg[:1].lower()}{error.msg[1:]} at line {error.lineno}, column {error.colno}"
        raise NotJson(message if text.strip() else "empty") from None


def unfenced(text: str) -> str:
    """What stands between the fences, where the text is one fenced block; else the text."""
    match = _FENCE.fullmatch(text.strip())
    return match["inside"] if match else text


def same(left: Any, right: Any) -> bool:
    """True if two JSON values are equal: 1 equals 1.0, and true equals true alone."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(same(value, right[key]) for key, value in left.items())
    if isinstance(left, list | tuple) and isinstance(right, list | tuple):
        return len(left) == len(right) and all(map(same, left, right))
    return bool(left == right)


def includes(whole: Any, part: Any) -> bool:
    """True if `whole` has all that `part` has: objects may have further keys at any depth, lists may not be longer."""
    if isinstance(part, dict) and isinstance(whole, dict):
        return all(key in whole and includes(whole[key], value) for key, value in part.items())
    if isinstance(part, list | tuple) and isinstance(whole, list | tuple):
        return len(part) == len(whole) and all(map(includes, whole, part))
    return same(whole, part)


def _depth(text: str) -> int:
    depth = deepest = 0
    for match in _STRUCTURE.finditer(text):
        if match[0] in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif match[0] in "]}":
            depth -= 1
    return deepest


def _refuse(constant: str) -> NoReturn:
    message = f"{constant} is no JSON number"
    raise NotJson(message)


def _integer(digits: str) -> int:
    if len(digits.lstrip("-")) > MAX_DIGITS:
        message = f"a number of {len(digits)} digits"
        raise NotJson(message)
    return int(digits)


def _float(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        message = f"a number too large: {text[:40]}"
        raise NotJson(message)
    return number
