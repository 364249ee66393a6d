# ruff: noqa: FBT002, PLR0917 - templates give these flags by position, as they do to Jinja's own filters
"""The filters and tests that a template may use: a short list, each bounded, each Jinja's own meaning.

It stands apart as the list to read when one asks what a suite can do. Where Jinja would quietly give a default
(`'abc'|int` is 0 to it), these refuse, unless the template names the default.
"""

import json
import math
import re
from collections.abc import Callable, Mapping
from typing import Any

from harness.suite.template_bounds import Bounds, Fault

_WORD_START = re.compile(r"([-\s({\[<]+)")
_LONGEST_NUMERAL = 300
_WIDEST_INDENT = 100
_FINEST = 20


def entries_of(value: Any, what: str) -> list[Any]:
    """A list's entries, a mapping's keys or a text's characters; Fault for anything else."""
    if isinstance(value, list | tuple | str | dict):
        return list(value)
    raise Fault(f"{what} needs a list, a mapping or text, not {named(value)}")


def named(value: Any) -> str:
    """What kind of value it is, in words."""
    if value is None or isinstance(value, bool):
        return str(value).lower()
    kinds = ((str, "text"), (int | float, "a number"), (dict, "a mapping"), (list | tuple, "a list"))
    return next((name for kind, name in kinds if isinstance(value, kind)), f"a {type(value).__name__}")


def member(value: Any, path: str) -> Any:
    """The entry of nested mappings at a dotted path; Fault if it is not there."""
    for name in path.split("."):
        if not isinstance(value, dict) or name not in value:
            raise Fault(f"an entry has no '{name}'", "name a key that every entry has")
        value = value[name]
    return value


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _number(value: Any, what: str) -> Any:
    if not _is_number(value):
        raise Fault(f"{what} needs a number, not {named(value)}", "turn text into a number with |int or |float")
    return value


def _at_end(bounds: Bounds, value: Any, index: int, what: str) -> Any:
    entries = entries_of(value, what)
    bounds.spend(len(entries))
    if not entries:
        raise Fault(f"{what} of something that is empty", "check it with {% if … %} before")
    return entries[index]


def _first(bounds: Bounds, value: Any) -> Any:
    return _at_end(bounds, value, 0, "'first'")


def _last(bounds: Bounds, value: Any) -> Any:
    return _at_end(bounds, value, -1, "'last'")


def _length(bounds: Bounds, value: Any) -> int:
    bounds.spend(1)
    if isinstance(value, list | tuple | str | dict):
        return len(value)
    raise Fault(f"'length' needs a list, a mapping or text, not {named(value)}")


def _lower(bounds: Bounds, value: Any) -> str:
    return bounds.text(value).lower()


def _upper(bounds: Bounds, value: Any) -> str:
    return bounds.text(bounds.text(value).upper())


def _title(bounds: Bounds, value: Any) -> str:
    text = bounds.text(value)
    bounds.spend(len(text))
    return "".join(word[0].upper() + word[1:].lower() for word in _WORD_START.split(text) if word)


def _capitalize(bounds: Bounds, value: Any) -> str:
    return bounds.text(value).capitalize()


def _trim(bounds: Bounds, value: Any, chars: str | None = None) -> str:
    return bounds.text(value).strip(chars)


def _round(bounds: Bounds, value: Any, precision: int = 0, method: str = "common") -> Any:
    bounds.spend(1)
    _number(value, "'round'")
    if abs(precision) > _FINEST:
        raise Fault(f"'round' works to {_FINEST} digits at most")
    if method == "common":
        return round(value, precision)
    if method not in ("ceil", "floor"):
        raise Fault(f"'round' has no method '{method}'", "use 'common', 'ceil' or 'floor'")
    return getattr(math, method)(value * 10**precision) / 10**precision


def _int(bounds: Bounds, value: Any, default: Any = None, base: int = 10) -> Any:
    bounds.spend(1)
    try:
        if not isinstance(value, str):
            return int(value)
        if len(value) > _LONGEST_NUMERAL:
            raise Fault("the text is too long for a number")
        return int(value, base)
    except (TypeError, ValueError, OverflowError):
        if isinstance(value, str) and base == 10:  # noqa: PLR2004 - '3.7'|int is 3
            return _whole_part(value, default)
    return _or_default(value, default, "int")


def _whole_part(text: str, default: Any) -> Any:
    try:
        return int(float(text))
    except (ValueError, OverflowError):
        return _or_default(text, default, "int")


def _float(bounds: Bounds, value: Any, default: Any = None) -> Any:
    bounds.spend(1)
    try:
        number = float(value[:_LONGEST_NUMERAL] if isinstance(value, str) else value)
    except (TypeError, ValueError, OverflowError):
        return _or_default(value, default, "float")
    return number if math.isfinite(number) else _or_default(value, default, "float")


def _or_default(value: Any, default: Any, name: str) -> Any:
    if default is not None:
        return default
    shown = f"text '{value[:40]}'" if isinstance(value, str) else named(value)
    raise Fault(f"{shown} is not a number", f"correct it, or name a default: |{name}(0)")


def _abs(bounds: Bounds, value: Any) -> Any:
    bounds.spend(1)
    return abs(_number(value, "'abs'"))


def _string(bounds: Bounds, value: Any) -> str:
    return bounds.text(value)


def _join(bounds: Bounds, value: Any, d: Any = "", attribute: str | None = None) -> str:
    entries = entries_of(value, "'join'")
    between = bounds.text(d)
    parts = [bounds.text(entry if attribute is None else member(entry, attribute)) for entry in entries]
    bounds.grow(sum(map(len, parts)) + len(between) * len(parts))
    return between.join(parts)


def _key(attribute: str | None, case_sensitive: object) -> Callable[[Any], Any]:
    def key(entry: Any) -> Any:
        value = entry if attribute is None else member(entry, attribute)
        return value.lower() if isinstance(value, str) and not case_sensitive else value

    return key


def _sort(
    bounds: Bounds, value: Any, reverse: object = False, case_sensitive: object = False, attribute: str | None = None
) -> list[Any]:
    entries = entries_of(value, "'sort'")
    bounds.weigh(entries)
    bounds.spend(len(entries) * len(entries).bit_length() // 32)
    return sorted(entries, key=_key(attribute, case_sensitive), reverse=bool(reverse))


def _unique(bounds: Bounds, value: Any, case_sensitive: object = False, attribute: str | None = None) -> list[Any]:
    entries = entries_of(value, "'unique'")
    bounds.weigh(entries)
    key = _key(attribute, case_sensitive)
    firsts: dict[Any, Any] = {}
    for entry in entries:
        firsts.setdefault(key(entry), entry)
    return list(firsts.values())


def _reverse(bounds: Bounds, value: Any) -> Any:
    if isinstance(value, str):
        return bounds.text(value)[::-1]
    return _list(bounds, value)[::-1]


def _list(bounds: Bounds, value: Any) -> list[Any]:
    bounds.lengthen(_length(bounds, value))
    return entries_of(value, "'list'")


def _items(bounds: Bounds, value: Any) -> list[Any]:
    if not isinstance(value, dict):
        raise Fault(f"'items' needs a mapping, not {named(value)}")
    bounds.spend(len(value))
    return [[key, entry] for key, entry in value.items()]


def _map(bounds: Bounds, value: Any, *, attribute: str) -> list[Any]:
    entries = entries_of(value, "'map'")
    bounds.spend(len(entries))
    return [member(entry, attribute) for entry in entries]


def _tojson(bounds: Bounds, value: Any, indent: int | None = None) -> str:
    bounds.weigh(value)
    if indent is not None and not 0 <= indent <= _FINEST:
        raise Fault(f"'tojson' indents by {_FINEST} at most")
    return bounds.text(json.dumps(value, indent=indent, ensure_ascii=False, allow_nan=False))


def _replace(bounds: Bounds, value: Any, old: Any, new: Any, count: int | None = None) -> str:
    text, sought, put = bounds.text(value), bounds.text(old), bounds.text(new)
    times = text.count(sought) if count is None or count < 0 else min(count, text.count(sought))
    bounds.grow(len(text) + times * max(0, len(put) - len(sought)))
    return text.replace(sought, put, times)


def _indent(bounds: Bounds, value: Any, width: int | str = 4, first: object = False, blank: object = False) -> str:
    lines = (bounds.text(value) + "\n").splitlines()
    size = len(width) if isinstance(width, str) else width
    if size > _WIDEST_INDENT:
        raise Fault(f"'indent' indents by {_WIDEST_INDENT} at most")
    margin = width if isinstance(width, str) else " " * width
    bounds.grow(sum(map(len, lines)) + len(lines) * (size + 1))
    indented = [margin + line if line or blank else line for line in lines]
    return "\n".join([margin + lines[0] if first else lines[0], *indented[1:]])


def _truncate(
    bounds: Bounds, value: Any, length: int = 255, killwords: object = False, end: str = "...", leeway: int = 5
) -> str:
    text = bounds.text(value)
    if length < len(end) or leeway < 0:
        raise Fault("'truncate' needs a length of at least that of its end")
    if len(text) <= length + leeway:
        return text
    kept = text[: length - len(end)]
    return (kept if killwords else kept.rsplit(" ", 1)[0]) + end


FILTERS: Mapping[str, Callable[..., Any]] = {
    "abs": _abs,
    "capitalize": _capitalize,
    "count": _length,
    "first": _first,
    "float": _float,
    "indent": _indent,
    "int": _int,
    "items": _items,
    "join": _join,
    "last": _last,
    "length": _length,
    "list": _list,
    "lower": _lower,
    "map": _map,
    "replace": _replace,
    "reverse": _reverse,
    "round": _round,
    "sort": _sort,
    "string": _string,
    "title": _title,
    "tojson": _tojson,
    "trim": _trim,
    "truncate": _truncate,
    "unique": _unique,
    "upper": _upper,
}
"""By name; beside these the evaluation itself knows `default` and `d`."""

TESTS: Mapping[str, Callable[..., bool]] = {
    "boolean": lambda value: isinstance(value, bool),
    "divisibleby": lambda value, num: _number(value, "'divisibleby'") % _number(num, "'divisibleby'") == 0,
    "even": lambda value: _number(value, "'even'") % 2 == 0,
    "false": lambda value: value is False,
    "float": lambda value: isinstance(value, float),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "mapping": lambda value: isinstance(value, dict),
    "none": lambda value: value is None,
    "number": _is_number,
    "odd": lambda value: _number(value, "'odd'") % 2 == 1,
    "string": lambda value: isinstance(value, str),
    "true": lambda value: value is True,
}
"""By name; beside these the evaluation itself knows `defined` and `undefined`."""
