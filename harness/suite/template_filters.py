"""The filters and tests that a template may use: Jinja's own, each spending from the fill's limits.

It stands apart as the list to read when one asks what a suite can do. Where Jinja's filter could make much out of
little, or gives 0 for what is no number, one of ours checks first.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import Any

from jinja2 import TemplateError, Undefined, UndefinedError, pass_context
from jinja2.filters import FILTERS as JINJAS_FILTERS
from jinja2.tests import TESTS as JINJAS_TESTS

from harness.suite.template_limits import MAX_ENTRIES, TemplateProblem, named

ERRORS = (
    *(TypeError, ValueError, ArithmeticError, AttributeError, LookupError, AssertionError, RecursionError),
    TemplateError,
)
"""What Python and Jinja raise where values do not fit."""
_FILTERS: Mapping[str, Any] = JINJAS_FILTERS
_TESTS: Mapping[str, Any] = JINJAS_TESTS
_FINEST = 20
_WIDEST_JSON = 8


@pass_context
def _replace(context: Any, s: Any, old: Any, new: Any, count: int | None = None) -> str:
    text, sought, put = (context.limits.text(each) for each in (s, old, new))
    found = text.count(sought) if count is None or count < 0 else min(count, text.count(sought))
    context.limits.characters(len(text) + found * max(0, len(put) - len(sought)))
    return str(text.replace(sought, put, found))


@pass_context
def _indent(context: Any, s: str, width: int | str = 4, first: Any = None, blank: Any = None) -> Any:
    size = len(width) if isinstance(width, str) else width
    context.limits.characters(len(s) + (len(s.splitlines()) + 1) * (size + 1))
    return _FILTERS["indent"](s, width, first, blank)


def _items(value: Mapping[str, Any]) -> list[list[Any]]:
    return [[*pair] for pair in value.items()]


def _tojson(value: Any, indent: int | None = None) -> str:
    if indent is not None and indent > _WIDEST_JSON:
        raise ValueError(f"it indents by {_WIDEST_JSON} at most")
    return json.dumps(value, indent=indent, ensure_ascii=False, allow_nan=False)


def _round(value: Any, precision: int = 0, method: str = "common") -> Any:
    if not isinstance(value, int | float) or abs(precision) > _FINEST:
        raise ValueError(f"it takes a number, and up to {_FINEST} digits")
    return _FILTERS["round"](value, precision, method)


def _number(name: str) -> Callable[..., Any]:
    def converted(value: Any, default: Any = None, *base: Any, **by_name: Any) -> Any:
        number = _FILTERS[name](value, default, *base, **by_name)
        if number is None:
            raise ValueError(f"it is no number, and no default is given, as in |{name}(0)")
        return number

    return converted


def _divides(value: Any, num: Any = 2) -> bool:
    if not (isinstance(defined(value), int | float) and isinstance(defined(num), int | float)):
        raise TypeError(f"{named(value)} cannot be divided by {named(num)}")  # Python would format text % 1
    return bool(value % num == 0)


def defined(value: Any) -> Any:
    """The value; UndefinedError if it is Jinja's mark for none."""
    return str(value) if isinstance(value, Undefined) else value


def _limited(name: str, function: Any) -> Callable[..., Any]:
    """The filter, which costs what looking at its value does, times a fourth of its arguments' length."""
    wants = getattr(function, "jinja_pass_arg", None)

    @pass_context
    def limited(context: Any, value: Any, *args: Any, **kwargs: Any) -> Any:
        limits, given = context.limits, [*args, *kwargs.values()]
        passed = {"context": context, "environment": context.environment, "eval_context": context.eval_ctx}
        try:
            if not all(isinstance(defined(each), str | int | float | None) for each in given):
                raise TypeError("its arguments are text or numbers")
            if name not in _AT_A_GLANCE or not isinstance(value, str | list | tuple | dict):
                length = sum(len(each) for each in given if isinstance(each, str))
                limits.spend(limits.weigh(value) * _FACTORS.get(name, length // 4))
            result = function(*([passed[wants.name]] if wants else []), value, *args, **kwargs)
            if isinstance(result, Iterator):
                result = list(islice(result, MAX_ENTRIES + 1))
            return result if isinstance(result, Undefined) else limits.made(result)
        except UndefinedError:
            raise
        except ERRORS as error:
            message = f"filter '{name}' cannot do this with {named(value)}: {error}"
            raise TemplateProblem(message, remedy="check the value and the filter's arguments") from error

    return limited


def _strict(test: Any) -> Callable[[Any], bool]:
    return lambda value: test(defined(value))


_AT_A_GLANCE = ("count", "first", "items", "last", "length", "list", "reverse")
# Beyond the weight: titles are made of many texts, integers of one hash make 'unique' quadratic, JSON is indented.
_FACTORS = {"indent": 0, "replace": 0, "title": 64, "tojson": 4, "unique": 40}
_JINJAS_OWN = (
    *("abs", "capitalize", "count", "first", "join", "last", "length", "list", "lower", "map", "reverse"),
    *("sort", "string", "title", "trim", "truncate", "unique", "upper"),
)
_OURS = {"indent": _indent, "items": _items, "replace": _replace, "round": _round, "tojson": _tojson}
FILTERS: Mapping[str, Callable[..., Any]] = {
    **{name: _FILTERS[name] for name in ("d", "default")},
    **{name: _limited(name, _FILTERS[name]) for name in _JINJAS_OWN},
    **{name: _limited(name, _number(name)) for name in ("float", "int")},
    **{name: _limited(name, ours) for name, ours in _OURS.items()},
}
"""By name."""
_JINJAS_TESTS = ("boolean", "false", "float", "integer", "mapping", "none", "number", "string", "true")
TESTS: Mapping[str, Callable[..., Any]] = {
    **{name: _TESTS[name] for name in ("defined", "undefined")},
    **{name: _strict(_TESTS[name]) for name in _JINJAS_TESTS},
    "divisibleby": _divides,
    "even": _divides,
    "odd": lambda value: not _divides(value),
}
"""By name."""
