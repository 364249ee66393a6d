"""What of Jinja's language a template may use: parsing, and the list of allowed constructs.

It stands apart because a construct is allowed here or nowhere: the evaluation has no way to run any other.
"""

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from jinja2 import TemplateSyntaxError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from harness.reading import did_you_mean, quoted
from harness.suite.template_bounds import Fault, TemplateProblem, problem_of
from harness.suite.template_filters import FILTERS, TESTS

_MAX_CHARACTERS = 500_000
_MAX_TOKENS = 20_000
_MAX_DEPTH = 64
_CACHED = 256
_CACHED_CHARACTERS = 100_000

_ENVIRONMENT = ImmutableSandboxedEnvironment(keep_trailing_newline=True)
_LITERALLY = "to mean the characters themselves, write {% raw %}…{% endraw %} around them"

_ALLOWED = (
    nodes.Output,
    nodes.TemplateData,
    nodes.If,
    nodes.For,
    nodes.Name,
    nodes.Const,
    nodes.List,
    nodes.Tuple,
    nodes.Dict,
    nodes.Pair,
    nodes.Getattr,
    nodes.Getitem,
    nodes.Slice,
    nodes.Compare,
    nodes.Operand,
    nodes.Not,
    nodes.And,
    nodes.Or,
    nodes.Add,
    nodes.Sub,
    nodes.Mul,
    nodes.Div,
    nodes.FloorDiv,
    nodes.Mod,
    nodes.Pow,
    nodes.Neg,
    nodes.Pos,
    nodes.Concat,
    nodes.CondExpr,
    nodes.Filter,
    nodes.Test,
    nodes.Call,
    nodes.Keyword,
)
_TAGS: dict[type[nodes.Node], str] = {
    nodes.Assign: "{% set %}",
    nodes.AssignBlock: "{% set %}",
    nodes.Macro: "{% macro %}",
    nodes.CallBlock: "{% call %}",
    nodes.FilterBlock: "{% filter %}",
    nodes.Import: "{% import %}",
    nodes.FromImport: "{% from %}",
    nodes.Include: "{% include %}",
    nodes.Extends: "{% extends %}",
    nodes.Block: "{% block %}",
    nodes.With: "{% with %}",
}


def parse(template: str) -> list[nodes.Node]:
    """The template's statements, every one of them allowed; those of short templates are remembered.

    raises  TemplateProblem for bad syntax, forbidden constructs, and templates too long or too deep
    """
    return _parse_once(template) if len(template) <= _CACHED_CHARACTERS else _parse(template)


def _parse(template: str) -> list[nodes.Node]:
    if len(template) > _MAX_CHARACTERS:
        message = f"the template is longer than {_MAX_CHARACTERS:,} characters"
        raise TemplateProblem(message, remedy="keep long texts in files, and name them under 'vars'")
    try:
        for count, (line, _, _) in enumerate(_ENVIRONMENT.lex(template)):
            if count > _MAX_TOKENS:
                fault = Fault(f"more than {_MAX_TOKENS:,} template tokens", "split the template")
                raise problem_of(fault, line, template)
        tree = _ENVIRONMENT.parse(template)
    except TemplateSyntaxError as error:
        fault = Fault(f"template syntax: {error.message}", _LITERALLY)
        raise problem_of(fault, error.lineno, template) from error
    except RecursionError as error:
        raise TemplateProblem("the template is nested too deep", remedy="make it simpler") from error
    # An integer of more than 4,300 digits, an unknown escape in a string: Jinja lets Python's own error through.
    except ValueError as error:
        raise TemplateProblem("the template holds text or a number that cannot be read", remedy=_LITERALLY) from error
    for node, depth in _walk(tree):
        fault_found = _fault_of(node, depth)
        if fault_found is not None:
            raise problem_of(fault_found, node.lineno, template)
    return tree.body


_parse_once = lru_cache(maxsize=_CACHED)(_parse)


def lone_expression(body: Sequence[nodes.Node]) -> nodes.Expr | None:
    """The expression of a template that is `{{ expression }}` and nothing else, or None."""
    if len(body) != 1 or not isinstance(body[0], nodes.Output) or len(body[0].nodes) != 1:
        return None
    node = body[0].nodes[0]
    return None if isinstance(node, nodes.TemplateData) else node


def _walk(tree: nodes.Template) -> Iterator[tuple[nodes.Node, int]]:
    waiting: list[tuple[nodes.Node, int]] = [(node, 1) for node in tree.iter_child_nodes()]
    while waiting:
        node, depth = waiting.pop()
        yield node, depth
        waiting.extend((child, depth + 1) for child in node.iter_child_nodes())


def _fault_of(node: nodes.Node, depth: int) -> Fault | None:
    """Why a node is not allowed, or None."""
    if depth > _MAX_DEPTH:
        return Fault("the template is nested too deep", "make it simpler")
    if type(node) not in _ALLOWED:
        what = _TAGS.get(type(node), f"'{type(node).__name__.lower()}'")
        return Fault(f"{what} is not allowed in a template", "use {{ … }}, {% if %} and {% for %}")
    question = _QUESTIONS.get(type(node))
    return None if question is None else question(node)


def _fault_of_loop(node: nodes.For) -> Fault | None:
    return Fault("a recursive loop is not allowed", "nest one loop in another") if node.recursive else None


def _fault_of_choice(node: nodes.CondExpr) -> Fault | None:
    if node.expr2 is not None:
        return None
    return Fault("an 'if' within an expression has no 'else'", "write {{ a if condition else b }}")


def _fault_of_test(node: nodes.Test) -> Fault | None:
    known = {*TESTS, "defined", "undefined"}
    if node.name not in known:
        remedy = did_you_mean(node.name, known) or f"there are: {', '.join(sorted(known))}"
        return Fault(f"no test {quoted(node.name)}", remedy)
    return _starred(node)


def _fault_of_call(node: nodes.Call) -> Fault | None:
    if not isinstance(node.node, nodes.Name) or node.node.name != "range":
        remedy = "use a filter: {{ text | upper }}, {% for key, value in mapping | items %}"
        return Fault("a template may call nothing but range()", remedy)
    if node.kwargs or not 1 <= len(node.args) <= len(("start", "stop", "step")):
        return Fault("range() takes (stop), (start, stop) or (start, stop, step)")
    return _starred(node)


def _fault_of_filter(node: nodes.Filter) -> Fault | None:
    known = {*FILTERS, "default", "d"}
    if node.name not in known:
        remedy = did_you_mean(node.name, known) or f"there are: {', '.join(sorted(known))}"
        return Fault(f"no filter {quoted(node.name)}", remedy)
    if node.name not in FILTERS:
        return _starred(node)
    signature = inspect.signature(FILTERS[node.name])
    try:
        signature.bind(None, None, *node.args, **{str(keyword.key): keyword.value for keyword in node.kwargs})
    except TypeError:
        taken = ", ".join(str(each.replace(annotation=each.empty)) for each in list(signature.parameters.values())[2:])
        return Fault(f"filter '{node.name}' does not take these arguments", f"it takes ({taken})")
    return _starred(node)


def _starred(node: nodes.Call | nodes.Filter | nodes.Test) -> Fault | None:
    if node.dyn_args is not None or node.dyn_kwargs is not None:
        return Fault("'*' and '**' are not allowed before arguments", "write the arguments out")
    return None


_QUESTIONS: Mapping[type[nodes.Node], Callable[[Any], Fault | None]] = {
    nodes.For: _fault_of_loop,
    nodes.CondExpr: _fault_of_choice,
    nodes.Call: _fault_of_call,
    nodes.Filter: _fault_of_filter,
    nodes.Test: _fault_of_test,
}
