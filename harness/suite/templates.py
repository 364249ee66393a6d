"""Prompts and expectations filled from a row's variables, by Jinja in a strict and bounded sandbox.

It stands apart because suites are untrusted: whatever a template says, filling it ends soon, with text of bounded
length or a TemplateProblem, and touches nothing but the variables. Text without a template costs nothing, not even
the import of Jinja.
"""

from collections.abc import Mapping
from typing import Any

from harness.suite.template_limits import Limits, TemplateProblem

__all__ = ["TemplateProblem", "fill", "fill_value"]

_MARKS = ("{{", "{%", "{#")
_MAX_DEPTH = 100


def fill(template: str, variables: Mapping[str, Any]) -> str:
    """The template's text; text without `{{`, `{%` and `{#` is returned as it is.

    variables  JSON-like values by name; what they hold is put in as it is and never rendered
    raises     TemplateProblem for names that are not defined, bad syntax, what is not allowed, and exhausted limits
    """
    return str(_filled(template, variables, Limits(), native=False))


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
        return _filled(value, variables, limits, native=True)
    if isinstance(value, Mapping):
        return {key: _filled_within(part, variables, limits, depth + 1) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_filled_within(part, variables, limits, depth + 1) for part in value]
    return value


def _filled(template: str, variables: Mapping[str, Any], limits: Limits, *, native: bool) -> Any:
    if not any(mark in template for mark in _MARKS):
        return template
    from harness.suite.template_sandbox import render

    return render(template, variables, limits, native=native)
