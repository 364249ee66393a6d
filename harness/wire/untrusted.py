"""JSON and text from a server, read without ever failing: depth, sizes, NaN, lone surrogates, wrong types.

It stands apart because every dialect and the error reader meet the same hostile or careless input.
"""

import json
import math
import re
import reprlib
from collections.abc import Mapping

from harness.core.canonical import canonical_json

_SHOWN = 80
_MAX_NOTES = 20
# Python refuses to convert longer digit strings; no count or id is anywhere near as long.
_MAX_DIGITS = 300

_SURROGATE = re.compile("[\ud800-\udfff]")

_repr = reprlib.Repr()
_repr.maxstring = _repr.maxother = _repr.maxlong = _SHOWN


def _refuse(name: str) -> None:
    raise ValueError(name)


# Made once: `json.loads` makes one at every call that has a say in constants.
_DECODER = json.JSONDecoder(parse_constant=_refuse)


class NotJson(ValueError):
    """A text is not JSON that can be read; the message says where or why."""


class Notes:
    """Oddities found while reading, each once, in order; a flood of them is cut off."""

    def __init__(self) -> None:
        """Begin with none."""
        self._sentences: dict[str, None] = {}

    def add(self, sentence: str) -> None:
        """Keep a sentence, unless it is known or there are too many."""
        if len(self._sentences) < _MAX_NOTES:
            self._sentences[sentence] = None

    def all(self) -> tuple[str, ...]:
        """The sentences in the order in which they were first seen."""
        return tuple(self._sentences)


def read_json(text: str, notes: Notes) -> object:
    """The value of a JSON text.

    notes   told of NaN and infinities, which JSON does not have: they are read as null, as their senders mean them
    raises  NotJson for a text that is not JSON, or nested too deeply to read
    """
    try:
        value, end = _DECODER.raw_decode(text)
        if end == len(text):
            return value
    except (ValueError, RecursionError):
        # Read again at leisure: it is no JSON, or has white space around it, or a constant or a number of its own.
        pass
    try:
        return _load(text, notes)
    except json.JSONDecodeError as error:
        raise NotJson(f"{error.msg} at character {error.pos}: {shown(text[error.pos : error.pos + _SHOWN])}") from None
    except RecursionError:
        raise NotJson("nested too deeply to read") from None


def write_json(value: object) -> str:
    """A value that was read from JSON as JSON text again, key order kept.

    raises  NotJson if it is nested too deeply to write
    """
    try:
        return json.dumps(value, ensure_ascii=False)
    except (RecursionError, ValueError):
        raise NotJson("nested too deeply to write") from None


def json_bytes(value: object) -> bytes:
    """Canonical JSON in valid UTF-8, lone surrogates as escapes: as UTF-8 they do not exist.

    raises  as `canonical_json`
    """
    text = canonical_json(value)
    try:
        return text.encode()
    except UnicodeEncodeError:
        return _SURROGATE.sub(lambda found: f"\\u{ord(found[0]):04x}", text).encode()


def shown(value: object) -> str:
    """A value as messages quote it: its repr, short, whatever it is."""
    text = _repr.repr(value)
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


def sound(text: str, notes: Notes) -> str:
    """A text that has a UTF-8 form: surrogate pairs joined, lone surrogates replaced by U+FFFD and noted.

    Servers that cut tokens carelessly send half of an emoji in one event and half in the next.
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        joined = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
        if joined.count("\ufffd") > text.count("\ufffd"):
            notes.add("a lone surrogate in the text was replaced by U+FFFD")
        return joined
    return text


def text_of(value: object, name: str, notes: Notes) -> str | None:
    """A value that should be a text; None if it is null or, noted, something else."""
    if value is None or isinstance(value, str):
        return value
    notes.add(f"{name} is {shown(value)}, not a text")
    return None


def object_of(value: object) -> Mapping[str, object]:
    """The value if it is a JSON object, else an empty one."""
    return value if isinstance(value, dict) else {}


def list_of(value: object) -> list[object]:
    """The value if it is a JSON list, else an empty one."""
    return value if isinstance(value, list) else []


def _load(text: str, notes: Notes) -> object:
    def constant(name: str) -> None:
        notes.add(f"{name} is not JSON; it was read as null")

    try:
        return json.loads(text, parse_constant=constant)
    except json.JSONDecodeError:
        raise
    except ValueError:
        # The only other ValueError is an integer beyond Python's limit of digits.
        return json.loads(text, parse_constant=constant, parse_int=_bounded_int)


def _bounded_int(digits: str) -> int | float:
    return int(digits) if len(digits) <= _MAX_DIGITS else math.inf
