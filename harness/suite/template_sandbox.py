"""Jinja's own sandbox, held to a list of constructs, with every step that can grow or repeat counted.

It stands apart as the one module that runs templates. Jinja's sandbox keeps a template from Python's attributes, but
neither from filling the memory nor from running for hours; so the syntax tree is held against a list, and then its
loops, slices, joined texts and comparisons are led through guards that spend from the fill's limits.
"""

import traceback
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, cast

from jinja2 import StrictUndefined, Template, TemplateSyntaxError, UndefinedError, nodes, pass_context
from jinja2.runtime import Context, LoopContext
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.visitor import NodeTransformer

from harness.reading import did_you_mean, quoted
from harness.suite.template_filters import ERRORS, FILTERS, TESTS, defined
from harness.suite.template_limits import MAX_BITS, MAX_ENTRIES, Limits, TemplateProblem, named

_MAX_SOURCE = 500_000
_MAX_TOKENS = 10_000
_MAX_DEPTH = 64
_CACHED = 32
_LITERALLY = "to mean the characters themselves, write {% raw %}…{% endraw %} around them"
_ALLOWED = (
    nodes.Output, nodes.TemplateData, nodes.If, nodes.For, nodes.Name, nodes.Const, nodes.List, nodes.Tuple, nodes.Dict,
    nodes.Pair, nodes.Getattr, nodes.Getitem, nodes.Slice, nodes.Compare, nodes.Operand, nodes.Not, nodes.And, nodes.Or,
    nodes.Add, nodes.Sub, nodes.Mul, nodes.Div, nodes.FloorDiv, nodes.Mod, nodes.Pow, nodes.Neg, nodes.Pos,
    nodes.Concat, nodes.CondExpr, nodes.Filter, nodes.Test, nodes.Call, nodes.Keyword,
)  # fmt: skip
_LOOP_FACTS = ("index", "index0", "revindex", "revindex0", "first", "last", "length", "previtem", "nextitem")


class _Missing(StrictUndefined):
    """A name or key that is not there; whatever is done with it raises, beside `default` and `is defined`."""

    @property
    def _undefined_message(self) -> str:
        """What is wrong and, on a second line, what to do."""
        holder, name = self._undefined_obj, cast("Any", self._undefined_name)
        what = quoted(name) if isinstance(name, str) else f"entry {name}" if isinstance(name, int) else named(name)
        guess = did_you_mean(name, holder) if isinstance(holder, dict) and isinstance(name, str) else ""
        remedy = guess or "check it with {% if … is defined %}, or give it a |default"
        return f"{self._undefined_hint or f'{named(holder)} has no {what}'}\n{remedy}"


class _Context(Context):
    """One fill; `native` wants the value of a lone expression, which is then in `result`."""

    limits: Limits
    native: bool
    result: Any

    def resolve_or_missing(self, key: str) -> Any:
        """A variable, or what knows the names of all variables."""
        hint = f"{quoted(key)} is not defined"
        return self.parent[key] if key in self.parent else _Missing(hint, self.parent, key)


@pass_context
def _written(context: _Context, value: Any) -> str:
    if not context.native:
        return context.limits.text(value)
    context.result = context.limits.made(value)
    return ""


class _Environment(ImmutableSandboxedEnvironment):
    """Jinja's sandbox with keys and entries for attributes, and with arithmetic of bearable size."""

    intercepted_binops = frozenset(ImmutableSandboxedEnvironment.default_binop_table)
    context_class = _Context

    def getitem(self, obj: Any, argument: Any) -> Any:
        """A mapping's key, a list's or text's entry, or a fact about the loop; never an attribute."""
        obj, argument = defined(obj), defined(argument)
        if isinstance(obj, dict) and isinstance(argument, str) and argument in obj:
            return obj[argument]
        if isinstance(obj, list | tuple | str) and type(argument) is int and -len(obj) <= argument < len(obj):
            return obj[argument]
        if isinstance(obj, LoopContext) and isinstance(argument, str) and argument in _LOOP_FACTS:
            return getattr(obj, argument)
        return self.undefined(obj=obj, name=argument)

    def getattr(self, obj: Any, attribute: str) -> Any:
        """The same as an item."""
        return self.getitem(obj, attribute)

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """Refused before it is made where it would be large."""
        limits = cast("_Context", context).limits
        for one, other in ((defined(left), right), (defined(right), left)):
            if not isinstance(one, str | list | tuple):
                continue
            if operator not in ("+", "*") or (operator == "*" and not isinstance(other, int)):
                raise TypeError(f"{named(left)} {operator} {named(right)} means nothing")  # text % 1 would format
            count = len(one) * max(0, other) if operator == "*" else len(one)
            limits.characters(count) if isinstance(one, str) else limits.entries(count)
        if operator == "**" and isinstance(left, int) and left.bit_length() * right > MAX_BITS:
            raise TemplateProblem("a number is too large", remedy="use smaller numbers")
        return limits.made(super().call_binop(context, operator, left, right))


@pass_context
def _turns(context: _Context, value: Any, cost: int) -> list[Any]:
    if not isinstance(defined(value), list | tuple | str | dict):
        raise TypeError(f"a loop needs a list, a mapping or text, not {named(value)}")
    context.limits.spend(len(value) * cost)
    return list(value)


@pass_context
def _sliced(context: _Context, value: Any, *bounds: Any) -> Any:
    return context.limits.made(value[slice(*map(defined, bounds))])


@pass_context
def _joined(context: _Context, parts: list[Any]) -> str:
    texts = [context.limits.text(part) for part in parts]
    return str(context.limits.made("".join(texts)))


@pass_context
def _weighed(context: _Context, value: Any) -> Any:
    return context.limits.made(value)


@pass_context
def _range(context: _Context, *bounds: Any) -> Any:
    steps = range(*map(defined, bounds))
    return context.limits.made([*steps[: MAX_ENTRIES + 1]])  # len() of a range stops at 63 bits


# Without `optimized`, and with a `finalize` that takes the context, Jinja computes nothing while it compiles.
_ENVIRONMENT = _Environment(undefined=_Missing, finalize=_written, optimized=False, keep_trailing_newline=True)
_ENVIRONMENT.tests = {**TESTS}
# No template can say these names: they are not identifiers, and `map` takes none but a filter's.
_GUARDS = {":turns": _turns, ":sliced": _sliced, ":joined": _joined, ":weighed": _weighed, ":range": _range}
_ENVIRONMENT.filters = {**FILTERS, **_GUARDS}


def _guard(name: str, value: nodes.Expr, *args: nodes.Expr | None) -> nodes.Filter:
    return nodes.Filter(value, name, [arg or nodes.Const(None) for arg in args], [], None, None, lineno=value.lineno)


class _Guards(NodeTransformer):
    """Leads every step that can grow or repeat through its guard."""

    def generic_visit(self, node: nodes.Node, *args: Any, **kwargs: Any) -> nodes.Node:
        """The children first, then the node."""
        node = super().generic_visit(node, *args, **kwargs)
        match node:
            case nodes.For(iter=nodes.Expr() as over):
                inner = [*node.body, *([node.test] if node.test else [])]
                cost = 1 + sum(1 for part in inner for _ in part.find_all(nodes.Node))
                node.iter = _guard(":turns", over, nodes.Const(cost))
            case nodes.Getitem(arg=nodes.Slice(start=start, stop=stop, step=step)):
                return _guard(":sliced", node.node, start, stop, step)
            case nodes.Concat():
                return _guard(":joined", nodes.List(node.nodes, lineno=node.lineno))
            case nodes.Compare():
                node.expr = _guard(":weighed", node.expr)
            case nodes.Operand():
                node.expr = _guard(":weighed", node.expr)
            case nodes.Call():
                return _guard(":range", *node.args)
            case nodes.Tuple(ctx="load"):
                return nodes.List(node.items, lineno=node.lineno)  # values are JSON-like
        return node


def _refusal(node: nodes.Node) -> tuple[str, str] | None:
    """Why a node is not allowed, and what to do; None if it is."""
    refusal = None
    match node:
        case nodes.For(recursive=True):
            refusal = "a recursive loop is not allowed", "nest one loop in another"
        case nodes.CondExpr(expr2=None):
            refusal = "an 'if' within an expression has no 'else'", "write {{ a if condition else b }}"
        case nodes.Call(node=nodes.Name(name="range"), args=[_, *_], kwargs=[], dyn_args=None, dyn_kwargs=None):
            pass
        case nodes.Call():
            refusal = "a template may call nothing but range(), with a number", "use a filter: {{ text | upper }}"
        case nodes.Filter(dyn_args=args, dyn_kwargs=more) | nodes.Test(dyn_args=args, dyn_kwargs=more) if args or more:
            refusal = "'*' and '**' are not allowed before arguments", "write the arguments out"
        case nodes.Test(name=name) if name not in TESTS:
            refusal = f"no test {quoted(name)}", did_you_mean(name, TESTS) or f"there are: {', '.join(TESTS)}"
        case nodes.Filter(name=name) if name not in FILTERS:
            refusal = f"no filter {quoted(name)}", did_you_mean(name, FILTERS) or f"there are: {', '.join(FILTERS)}"
        case nodes.Filter(name="map", args=[how, *_]) if not (isinstance(how, nodes.Const) and how.value in FILTERS):
            refusal = "'map' takes the name of a filter, in quotes", f"there are: {', '.join(FILTERS)}"
        case _ if not isinstance(node, _ALLOWED):
            what = type(node).__name__.lower()
            refusal = f"'{what}' is not allowed in a template", "use {{ … }}, {% if %} and {% for %}"
    return refusal


def _checked(template: str) -> nodes.Template:
    for count, (line, _, _) in enumerate(_ENVIRONMENT.lex(template)):
        if count > _MAX_TOKENS:
            raise _problem(template, line, f"more than {_MAX_TOKENS:,} tokens", "split the template")
    tree = _ENVIRONMENT.parse(template)
    level, depth = [*tree.iter_child_nodes()], 1
    while level:
        for node in level:
            refusal = _refusal(node) if depth <= _MAX_DEPTH else ("the template is nested too deep", "make it simpler")
            if refusal is not None:
                raise _problem(template, node.lineno, *refusal)
            if isinstance(node, nodes.Const):
                Limits().weigh(node.value)
        level, depth = [child for node in level for child in node.iter_child_nodes()], depth + 1
    return tree


class Compiled:
    """A template as Python, checked against what is allowed; made by `compiled`."""

    __slots__ = ("_lone", "_source", "_template")

    def __init__(self, source: str, template: Template, *, lone: bool) -> None:
        """Take the parts; `lone` says that it is one expression and nothing else."""
        self._source = source
        self._template = template
        self._lone = lone

    def render(self, variables: Mapping[str, Any], limits: Limits, *, native: bool) -> Any:
        """The template's text or, where `native` and the template is one expression, the expression's value.

        raises  TemplateProblem
        """
        template = self._template
        context = cast("_Context", template.new_context(dict(variables), shared=True))
        context.limits, context.native = limits, native and self._lone
        try:
            text = "".join(limits.write(piece) for piece in template.root_render_func(context))
        except (TemplateProblem, *ERRORS) as error:
            frames = traceback.walk_tb(error.__traceback__)
            lines = [line for frame, line in frames if frame.f_code.co_filename == "<template>"]
            message, _, remedy = str(error).partition("\n")
            if isinstance(error, TemplateProblem):
                remedy = error.remedy
            elif not isinstance(error, UndefinedError):
                message, remedy = f"the values do not fit: {message}", "convert them with |int, |float or |string"
            line = template.get_corresponding_lineno(lines[-1]) if lines else 1
            raise _problem(self._source, line, message, remedy) from error
        return context.result if context.native else text


@lru_cache(maxsize=_CACHED)
def compiled(source: str) -> Compiled:
    """The template, compiled; raises TemplateProblem for bad syntax and for what is not allowed."""
    if len(source) > _MAX_SOURCE:
        message = f"the template is longer than {_MAX_SOURCE:,} characters"
        raise TemplateProblem(message, remedy="keep long texts in files, and name them under 'vars'")
    try:
        tree = _checked(source)
        parts = tree.body[0].nodes if len(tree.body) == 1 and isinstance(tree.body[0], nodes.Output) else []
        lone = len(parts) == 1 and not isinstance(parts[0], nodes.TemplateData)
        code = _ENVIRONMENT.compile(_Guards().visit(tree))
    except TemplateSyntaxError as error:
        raise _problem(source, error.lineno, f"template syntax: {error.message}", _LITERALLY) from error
    # Too deep for Jinja or Python; an integer of more than 4,300 digits, an unknown escape in a string.
    except (RecursionError, MemoryError, SyntaxError, ValueError) as error:
        raise TemplateProblem(f"the template cannot be compiled: {error}", remedy="make it simpler") from error
    return Compiled(source, Template.from_code(_ENVIRONMENT, code, {}), lone=lone)


def _problem(template: str, line: int, message: str, remedy: str) -> TemplateProblem:
    """The problem with its line, where the template has more than one."""
    place = f"line {line} of the template: " if "\n" in template.rstrip("\n") else ""
    return TemplateProblem(place + message, remedy=remedy)
